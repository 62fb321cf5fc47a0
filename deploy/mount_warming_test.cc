// With shell scripts in the place of warm; warm_test has the program itself.
#include "deploy/mount_warming.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
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

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MountWarmingTest : public testing::Test {
 protected:
  MountWarmingTest() : top_(absl::StrCat(testing::TempDir(), "mount_warming.XXXXXX")) {
    EXPECT_NE(mkdtemp(top_.data()), nullptr);
    options_ = {.program = top_ + "/warm",
                .trace = "/t",
                .mount_point = "/m",
                .log_file = top_ + "/log",
                .on_progress = [this](uint64_t bytes) { progress_.push_back(bytes); }};
  }
  ~MountWarmingTest() override { std::filesystem::remove_all(top_); }

  // $1 is --trace=FILE, $2 --progress_fd=N, $3 the mount; `say` writes a line of progress.
  void MakeProgram(const std::string& script) {
    std::ofstream(options_.program) << "#!/bin/bash\nsay() { echo \"$1\" >&\"$fd\"; }\n"
                                    << "fd=${2#--progress_fd=}\n"
                                    << script << "\n";
    ASSERT_EQ(chmod(options_.program.c_str(), 0755), 0);
  }
  absl::Status Warm(const WaitLimits& limits = {.deadline = absl::Now() + absl::Minutes(1)}) {
    return WarmMount(options_, limits);
  }
  std::string Log() const {
    std::ifstream file(options_.log_file);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::string top_;
  MountWarmingOptions options_;
  std::vector<uint64_t> progress_;
};

TEST_F(MountWarmingTest, TheMountIsWarmedAndWhatIsSaidGoesToTheLog) {
  MakeProgram("echo $1 $3; echo more >&2");
  EXPECT_TRUE(Warm().ok());
  EXPECT_EQ(Log(), "--trace=/t /m\nmore\n");
}

TEST_F(MountWarmingTest, TheProgressIsToldWhileItLasts) {
  // Goes on when the first was told, which makes the file.
  MakeProgram(
      absl::StrCat("say 100; while ! [ -e ", top_, "/told ]; do sleep 0.01; done; say 200"));
  options_.on_progress = [this](uint64_t bytes) {
    progress_.push_back(bytes);
    std::ofstream(top_ + "/told") << "x";
  };
  EXPECT_TRUE(Warm().ok());
  EXPECT_THAT(progress_, ElementsAre(100, 200));
}

TEST_F(MountWarmingTest, AProgramThatSaysNoMoreIsAwaitedAllTheSame) {
  MakeProgram("say 100; eval \"exec $fd>&-\"; echo later >&2; exit 3");
  EXPECT_THAT(std::string(Warm().message()), HasSubstr("ended with exit code 3"));
  EXPECT_THAT(progress_, ElementsAre(100));
  EXPECT_EQ(Log(), "later\n");
}

TEST_F(MountWarmingTest, AFailureShowsTheEndOfTheLog) {
  MakeProgram("echo no such trace >&2; exit 1");
  const absl::Status status = Warm();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ended with exit code 1"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no such trace"));
}

TEST_F(MountWarmingTest, AMissingProgramIsAnError) {
  EXPECT_THAT(std::string(Warm().message()), HasSubstr(options_.program));
}

TEST_F(MountWarmingTest, ProgressThatIsNoneIsAnError) {
  MakeProgram("say much; exec sleep 1000");
  EXPECT_EQ(Warm().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(MountWarmingTest, TheDeadlineEndsItAndTheProcess) {
  MakeProgram("echo hangs >&2; exec sleep 1000");
  const absl::Status status = Warm({.deadline = absl::Now() + absl::Milliseconds(300)});
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the end of its log"));
}

TEST_F(MountWarmingTest, AnInterruptionEndsIt) {
  MakeProgram("exec sleep 1000");
  auto pipe = OpenPipe();
  ASSERT_TRUE(pipe.ok());
  ASSERT_EQ(write(pipe->write_end.get(), "x", 1), 1);
  EXPECT_EQ(Warm({.interrupt_descriptor = pipe->read_end.get()}).code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace coppice
