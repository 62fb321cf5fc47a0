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

}  // namespace
}  // namespace coppice
