// With shell scripts in the place of warm.
#include "deploy/node_warming.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class NodeWarmingTest : public testing::Test {
 protected:
  NodeWarmingTest() : top_(absl::StrCat(testing::TempDir(), "node_warming.XXXXXX")) {
    EXPECT_NE(mkdtemp(top_.data()), nullptr);
    options_ = {.program = top_ + "/warm",
                .trace = "/t",
                .progress = [this](absl::string_view text) { progress_.emplace_back(text); }};
    for (const char* name : {"node0", "node1"}) {
      nodes_.push_back({.name = name,
                        .mount_point = absl::StrCat("/m/", name),
                        .log_file = absl::StrCat(top_, "/", name, ".log")});
    }
  }
  ~NodeWarmingTest() override { std::filesystem::remove_all(top_); }

  // $1 is --trace=FILE, $2 the mount.
  void MakeProgram(const std::string& script) {
    std::ofstream(options_.program) << "#!/bin/sh\n" << script << "\n";
    ASSERT_EQ(chmod(options_.program.c_str(), 0755), 0);
  }
  absl::Status Warm(WaitLimits limits = {.deadline = absl::Now() + absl::Minutes(1)}) {
    return WarmNodes(nodes_, options_, limits);
  }

  std::string top_;
  NodeWarmingOptions options_;
  std::vector<NodeToWarm> nodes_;
  std::vector<std::string> progress_;
};

TEST_F(NodeWarmingTest, EachNodeIsWarmedThroughItsMountAndSaysWhatItMoved) {
  MakeProgram("echo $1 $2; echo second line; echo to the log >&2");
  ASSERT_TRUE(Warm().ok());
  EXPECT_THAT(progress_, UnorderedElementsAre("node0: --trace=/t /m/node0", "node0: second line",
                                              "node1: --trace=/t /m/node1", "node1: second line"));
  std::ifstream log(nodes_[0].log_file);
  std::string line;
  std::getline(log, line);
  EXPECT_EQ(line, "to the log");
}

// Each waits until the other has begun: one after the other would never end.
TEST_F(NodeWarmingTest, AllNodesAreWarmedAtTheSameMoment) {
  MakeProgram(absl::StrCat("touch ", top_, "/$(basename $2); while ! [ -e ", top_, "/node0 -a -e ",
                           top_, "/node1 ]; do sleep 0.01; done"));
  EXPECT_TRUE(Warm().ok());
}

TEST_F(NodeWarmingTest, AFailureNamesTheNodeAndShowsItsLog) {
  MakeProgram("case $2 in */node1) echo no such trace >&2; exit 1;; esac");
  const absl::Status status = Warm();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("node1: warming it"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no such trace"));
}

TEST_F(NodeWarmingTest, AMissingProgramIsAnError) {
  EXPECT_THAT(std::string(Warm().message()), HasSubstr("node0: "));
}

TEST_F(NodeWarmingTest, TheDeadlineEndsItAndSaysHowFarItCame) {
  MakeProgram("case $2 in */node1) exec sleep 1000;; esac");
  const absl::Status status = Warm({.deadline = absl::Now() + absl::Seconds(2)});
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("of 2 nodes are done"));
}

TEST_F(NodeWarmingTest, AnInterruptionEndsIt) {
  MakeProgram("exec sleep 1000");
  auto pipe = OpenPipe();
  ASSERT_TRUE(pipe.ok());
  ASSERT_EQ(write(pipe->write_end.get(), "x", 1), 1);
  EXPECT_EQ(Warm({.interrupt_descriptor = pipe->read_end.get()}).code(),
            absl::StatusCode::kCancelled);
}

TEST_F(NodeWarmingTest, WhileItLastsItIsToldHowManyAreDone) {
  // Ends when its progress was told, which makes the file.
  MakeProgram(absl::StrCat("while ! [ -e ", top_, "/told ]; do sleep 0.01; done"));
  options_.interval = absl::Milliseconds(20);
  options_.progress = [this](absl::string_view text) {
    progress_.emplace_back(text);
    std::ofstream(top_ + "/told") << "x";
  };
  EXPECT_TRUE(Warm().ok());
  EXPECT_THAT(progress_, Contains("warming: 0 of 2 nodes are done"));
}

}  // namespace
}  // namespace coppice
