#include "deploy/program_files.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

class ProgramFilesTest : public testing::Test {
 protected:
  ProgramFilesTest() : top_(absl::StrCat(testing::TempDir(), "program_files.XXXXXX")) {
    EXPECT_NE(mkdtemp(top_.data()), nullptr);
    top_ = std::filesystem::canonical(top_).string();
  }
  void MakeProgram(const std::string& path, mode_t mode = 0755) {
    const std::filesystem::path file = top_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << "#!/bin/sh\n";
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
  }

  std::string top_;
};

TEST_F(ProgramFilesTest, RunfilesComeFirst) {
  for (const char* folder : {"/bin/deploy/launch.runfiles/coppice", "/bin"}) {
    MakeProgram(absl::StrCat(folder, "/peer_server/peer_server"));
    MakeProgram(absl::StrCat(folder, "/fuse_client/fuse_client"));
  }
  const auto programs = FindProgramsNear(top_ + "/bin/deploy/launch");
  ASSERT_TRUE(programs.ok()) << programs.status();
  EXPECT_EQ(programs->peer_server,
            top_ + "/bin/deploy/launch.runfiles/coppice/peer_server/peer_server");
  EXPECT_EQ(programs->fuse_client,
            top_ + "/bin/deploy/launch.runfiles/coppice/fuse_client/fuse_client");
}

TEST_F(ProgramFilesTest, WithoutRunfilesTheFoldersBesideAreTaken) {
  MakeProgram("/bin/peer_server/peer_server");
  MakeProgram("/bin/fuse_client/fuse_client");
  const auto programs = FindProgramsNear(top_ + "/bin/deploy/launch");
  ASSERT_TRUE(programs.ok()) << programs.status();
  EXPECT_EQ(programs->peer_server, top_ + "/bin/peer_server/peer_server");
}

TEST_F(ProgramFilesTest, InThePackageTheyAreInLibexec) {
  MakeProgram("/prefix/libexec/coppice/peer_server");
  MakeProgram("/prefix/libexec/coppice/fuse_client");
  for (const char* launcher : {"/prefix/bin/coppice", "/prefix/libexec/coppice/launch"}) {
    const auto programs = FindProgramsNear(top_ + launcher);
    ASSERT_TRUE(programs.ok()) << programs.status();
    EXPECT_EQ(programs->fuse_client, top_ + "/prefix/libexec/coppice/fuse_client");
  }
}

TEST_F(ProgramFilesTest, AMissingProgramIsNamedWithThePlacesLookedAt) {
  MakeProgram("/bin/peer_server/peer_server");
  MakeProgram("/bin/fuse_client/fuse_client", 0644);
  const auto programs = FindProgramsNear(top_ + "/bin/deploy/launch");
  EXPECT_EQ(programs.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(programs.status().message()), HasSubstr("fuse_client"));
  EXPECT_THAT(std::string(programs.status().message()), HasSubstr(top_ + "/bin"));
}

TEST_F(ProgramFilesTest, AProgramThatIsNowhereIsNamed) {
  const auto program = FindProgram("deploy/no_such_program");
  EXPECT_EQ(program.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(program.status().message()), HasSubstr("deploy/no_such_program"));
}

}  // namespace
}  // namespace coppice
