// The demo as a user runs it, with the real programs, mounts and Python.
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/file_descriptor.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using ::testing::HasSubstr;

class DemoTest : public testing::Test {
 protected:
  void SetUp() override {
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened on this machine";
  }
};

nlohmann::json LastLine(const std::string& output) {
  const std::vector<std::string> lines = absl::StrSplit(absl::StripSuffix(output, "\n"), '\n');
  return nlohmann::json::parse(lines.back(), nullptr, /*allow_exceptions=*/false);
}

TEST_F(DemoTest, EveryCheckHoldsAndTheLastLineHasTheFigures) {
  const ProgramRun demo = RunProgram("deploy/demo", {"--nodes=3", "--json"});
  ASSERT_TRUE(demo.end.success()) << demo.standard_error;
  const nlohmann::json json = LastLine(demo.standard_output);
  ASSERT_TRUE(json.is_object()) << demo.standard_output;
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["nodes"], 3);
  EXPECT_EQ(json["cold_s"].size(), 3u);
  EXPECT_EQ(json["warm_s"].size(), 3u);
  EXPECT_EQ(json["fuse_requests_warm"].size(), 3u);
  EXPECT_GT(json["local_s"], 0.0);
  EXPECT_GT(json["unique"]["opens"], 0);
  EXPECT_GT(json["backing"]["bytes"], 0);
  EXPECT_THAT(demo.standard_error, HasSubstr("reached the backing file system"));
}

TEST_F(DemoTest, AModuleThatIsNotInstalledIsNamedWithItsPackage) {
  const ProgramRun demo = RunProgram("deploy/demo", {"--module=nosuchmodule", "--json"});
  EXPECT_EQ(demo.end.code, 1);
  EXPECT_THAT(demo.standard_error, HasSubstr("python3-nosuchmodule"));
  EXPECT_EQ(LastLine(demo.standard_output)["ok"], false);
}

TEST_F(DemoTest, MistakesOnTheCommandLineEndWithTwo) {
  EXPECT_EQ(RunProgram("deploy/demo", {"--nodes=0"}).end.code, 2);
  EXPECT_EQ(RunProgram("deploy/demo", {"--module=a;b"}).end.code, 2);
}

}  // namespace
}  // namespace coppice
