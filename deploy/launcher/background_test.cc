#include "deploy/launcher/background.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "deploy/pipe.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

WaitLimits InAMinute() { return {.deadline = absl::Now() + absl::Minutes(1)}; }

// What the process writes to it, up to its end.
std::string ReadAll(const FileDescriptor& file) {
  std::string text;
  char buffer[64];
  ssize_t count = 0;
  while ((count = read(file.get(), buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(count));
  }
  return text;
}

TEST(BackgroundTest, ReturnsWhatIsToldWhileTheWorkGoesOn) {
  auto from_work = OpenPipe();
  auto to_work = OpenPipe();
  ASSERT_TRUE(from_work.ok() && to_work.ok());
  const absl::Status told = StartInBackground(
      [&](const auto& tell) {
        to_work->write_end.Reset();
        tell(absl::OkStatus());
        // Until the test lets go.
        char byte = 0;
        if (read(to_work->read_end.get(), &byte, 1) != 0) _exit(1);
        const bool own_session = getsid(0) == getpid();
        if (write(from_work->write_end.get(), own_session ? "session" : "none", 7) < 0) _exit(1);
      },
      InAMinute());
  EXPECT_TRUE(told.ok()) << told;
  to_work->write_end.Reset();
  from_work->write_end.Reset();
  EXPECT_EQ(ReadAll(from_work->read_end), "session");
}

TEST(BackgroundTest, AnErrorComesWithItsCodeAndText) {
  const absl::Status told = StartInBackground(
      [](const auto& tell) { tell(absl::FailedPreconditionError("port 7117 is taken")); },
      InAMinute());
  EXPECT_EQ(told, absl::FailedPreconditionError("port 7117 is taken"));
}

TEST(BackgroundTest, AnEndWithoutAWordIsAnError) {
  EXPECT_EQ(StartInBackground([](const auto&) {}, InAMinute()).code(),
            absl::StatusCode::kUnavailable);
}

TEST(BackgroundTest, WhenTheTimeIsOverItIsEnded) {
  auto pipe = OpenPipe();
  ASSERT_TRUE(pipe.ok());
  const absl::Status told =
      StartInBackground([](const auto&) { pause(); }, {.deadline = absl::InfinitePast()});
  EXPECT_EQ(told.code(), absl::StatusCode::kDeadlineExceeded);
  pipe->write_end.Reset();
  // Nobody holds the other end any more.
  EXPECT_EQ(ReadAll(pipe->read_end), "");
}

}  // namespace
}  // namespace coppice
