#include "tidy/source_tree.h"

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

namespace fs = std::filesystem;

void Write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::vector<std::string> Paths(const std::vector<SourceFile>& files) {
  std::vector<std::string> paths;
  for (const SourceFile& file : files) paths.push_back(file.path);
  return paths;
}

TEST(SourceTreeTest, EverySourceIsReadAndNothingElse) {
  const fs::path workspace = fs::path(testing::TempDir()) / "read";
  Write(workspace / "WORKSPACE", "");
  for (const char* path : {"b/x.cc", "a/deep/y_test.cc", "a/BUILD.bazel", "BUILD.bazel", "a/z.h",
                           "new_folder/run.sh", "p/q.proto"}) {
    Write(workspace / path, path);
  }
  for (const char* path : {"a/picture.png", ".git/x.cc", "bazel-out/x.cc", "third_party/x.bzl"}) {
    Write(workspace / path, path);
  }
  fs::create_directory_symlink(workspace / "a", workspace / "link");
  const auto files = ReadSourceTree(workspace.string());
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(Paths(*files),
              testing::ElementsAre("BUILD.bazel", "a/BUILD.bazel", "a/deep/y_test.cc", "a/z.h",
                                   "b/x.cc", "new_folder/run.sh", "p/q.proto"));
  EXPECT_EQ((*files)[4].text, "b/x.cc");
}

TEST(SourceTreeTest, AFolderThatIsNoWorkspaceIsAnError) {
  const fs::path folder = fs::path(testing::TempDir()) / "plain";
  Write(folder / "x.cc", "");
  EXPECT_TRUE(absl::IsNotFound(ReadSourceTree(folder.string()).status()));
}

TEST(SourceTreeTest, AFindingIsReportedAsEditorsReadIt) {
  EXPECT_EQ(Report({{"a/b.cc", 3, "bad"}, {"c.h", 0, "worse"}}), "a/b.cc:3: bad\nc.h:0: worse\n");
  EXPECT_EQ(Report({}), "");
}

TEST(SourceTreeTest, PathsAreTakenApart) {
  EXPECT_EQ(FolderOf("source/path.h"), "source");
  EXPECT_EQ(FolderOf("README.md"), "");
  EXPECT_EQ(FileNameOf("source/deep/path.h"), "path.h");
  EXPECT_EQ(FileNameOf("README.md"), "README.md");
}

}  // namespace
}  // namespace coppice
