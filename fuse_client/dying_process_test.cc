#include "fuse_client/dying_process.h"

#include <unistd.h>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(DyingProcessTest, AThreadWithSigkillPendingIsDying) {
  EXPECT_TRUE(HasKillPending("Name:\tls\nSigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n"));
  EXPECT_TRUE(HasKillPending("Name:\tls\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000102\n"));
}

TEST(DyingProcessTest, AThreadWithAnotherSignalPendingIsNot) {
  // SIGALRM and SIGUSR1; SIGKILL blocked or caught says nothing.
  EXPECT_FALSE(HasKillPending(
      "SigPnd:\t0000000000002000\nShdPnd:\t0000000000000200\nSigBlk:\t0000000000000100\n"));
  EXPECT_FALSE(HasKillPending(""));
  EXPECT_FALSE(HasKillPending("SigPnd:\tnonsense\n"));
}

TEST(DyingProcessTest, ALivingThreadIsNotNorIsOneThatCannotBeSeen) {
  EXPECT_FALSE(IsDying(getpid()));
  EXPECT_FALSE(IsDying(0));
  EXPECT_FALSE(IsDying(-1));
}

}  // namespace
}  // namespace coppice
