#include "common/termination.h"

#include <signal.h>
#include <unistd.h>

#include <thread>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(TerminationTest, ASignalThatCameEarlierIsNotLost) {
  BlockTerminationSignals();
  kill(getpid(), SIGTERM);
  EXPECT_EQ(AwaitTerminationSignal(), SIGTERM);
}

TEST(TerminationTest, ThreadsStartedLaterDoNotDieOfIt) {
  BlockTerminationSignals();
  std::thread([] { raise(SIGPIPE); }).join();
  std::thread sender([] { kill(getpid(), SIGINT); });
  EXPECT_EQ(AwaitTerminationSignal(), SIGINT);
  sender.join();
}

TEST(TerminationTest, AUserSignalRunsItsFunctionAndTheWaitGoesOn) {
  BlockTerminationSignals();
  int told = 0;
  kill(getpid(), SIGUSR1);
  // The function makes the next signal come, so that the order is certain.
  EXPECT_EQ(AwaitTerminationSignal([&told] { kill(getpid(), ++told < 3 ? SIGUSR1 : SIGTERM); }),
            SIGTERM);
  EXPECT_EQ(told, 3);
}

TEST(TerminationTest, AUserSignalThatMeansNothingEndsNothing) {
  BlockTerminationSignals();
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGTERM);
  EXPECT_EQ(AwaitTerminationSignal(), SIGTERM);
}

}  // namespace
}  // namespace coppice
