#include "deploy/descriptor_wait.h"

#include <unistd.h>

#include <csignal>

#include "absl/time/clock.h"
#include "deploy/interruption.h"
#include "deploy/pipe.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

class DescriptorWaitTest : public testing::Test {
 protected:
  DescriptorWaitTest() : first_(*OpenPipe()), second_(*OpenPipe()) {}

  Pipe first_;
  Pipe second_;
};

TEST_F(DescriptorWaitTest, TheReadableOneIsNamed) {
  ASSERT_EQ(write(second_.write_end.get(), "x", 1), 1);
  const auto event = WaitReadable({first_.read_end.get(), second_.read_end.get()}, {});
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(*event, 1u);
}

TEST_F(DescriptorWaitTest, TheEndOfAFileIsReadable) {
  first_.write_end.Reset();
  const auto event = WaitReadable({first_.read_end.get()}, {});
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(*event, 0u);
}

TEST_F(DescriptorWaitTest, ADeadlineInThePastStillReportsWhatIsReadable) {
  ASSERT_EQ(write(first_.write_end.get(), "x", 1), 1);
  EXPECT_TRUE(WaitReadable({first_.read_end.get()}, {.deadline = absl::InfinitePast()}).ok());
}

TEST_F(DescriptorWaitTest, TheDeadlineEndsTheWait) {
  EXPECT_EQ(
      WaitReadable({first_.read_end.get(), -1}, {.deadline = absl::Now() + absl::Milliseconds(1)})
          .status()
          .code(),
      absl::StatusCode::kDeadlineExceeded);
}

TEST_F(DescriptorWaitTest, AnInterruptionComesFirst) {
  ASSERT_EQ(write(first_.write_end.get(), "x", 1), 1);
  ASSERT_EQ(write(second_.write_end.get(), "x", 1), 1);
  EXPECT_EQ(WaitReadable({first_.read_end.get()}, {.interrupt_descriptor = second_.read_end.get()})
                .status()
                .code(),
            absl::StatusCode::kCancelled);
}

TEST_F(DescriptorWaitTest, ACaughtSignalInterruptsEveryWaitAfterIt) {
  const auto interruption = Interruption::Catch();
  ASSERT_TRUE(interruption.ok()) << interruption.status();
  const WaitLimits limits = {.interrupt_descriptor = interruption->descriptor()};
  ASSERT_EQ(raise(SIGINT), 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(WaitReadable({first_.read_end.get()}, limits).status().code(),
              absl::StatusCode::kCancelled);
  }
}

}  // namespace
}  // namespace coppice
