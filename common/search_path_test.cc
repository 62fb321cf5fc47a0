#include "common/search_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace coppice {
namespace {

class SearchPathTest : public testing::Test {
 protected:
  SearchPathTest() {
    for (const char* folder : {"/a", "/b", "/b/folder"}) {
      std::filesystem::create_directories(top_ + folder);
    }
    Write("/a/text", 0644);
    Write("/b/text", 0755);
    Write("/a/both", 0755);
    Write("/b/both", 0755);
  }
  ~SearchPathTest() override { std::filesystem::remove_all(top_); }

  static std::string MakeTop() {
    std::string top = testing::TempDir() + "/search_path_XXXXXX";
    EXPECT_NE(mkdtemp(top.data()), nullptr);
    return top;
  }
  void Write(const std::string& name, mode_t mode) {
    std::ofstream(top_ + name) << "x";
    ASSERT_EQ(chmod((top_ + name).c_str(), mode), 0);
  }

  const std::string top_ = MakeTop();
  const std::string path_ = top_ + "/none::" + top_ + "/a:" + top_ + "/b";
};

TEST_F(SearchPathTest, TheFirstThatMayBeRunIsFound) {
  EXPECT_EQ(FindOnSearchPath("both", path_), top_ + "/a/both");
  EXPECT_EQ(FindOnSearchPath("text", path_), top_ + "/b/text");
}

TEST_F(SearchPathTest, WhatIsNowhereOrAFolderIsNotFound) {
  EXPECT_EQ(FindOnSearchPath("nothing", path_), "");
  EXPECT_EQ(FindOnSearchPath("folder", path_), "");
  EXPECT_EQ(FindOnSearchPath("both", ""), "");
}

TEST_F(SearchPathTest, FoldersThatAreRelativeAreLeftOut) {
  std::filesystem::current_path(top_);
  EXPECT_EQ(FindOnSearchPath("both", "a:."), "");
}

}  // namespace
}  // namespace coppice
