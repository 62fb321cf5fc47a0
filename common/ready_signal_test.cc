#include "common/ready_signal.h"

#include <unistd.h>

#include <cerrno>
#include <string>

#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(ReadySignalTest, WritesOneLineAndCloses) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_TRUE(SignalReady(ends[1]).ok());
  char buffer[64];
  EXPECT_EQ(read(ends[0], buffer, sizeof(buffer)), 6);
  EXPECT_EQ(std::string(buffer, 6), "ready\n");
  EXPECT_EQ(read(ends[0], buffer, sizeof(buffer)), 0);  // closed
  close(ends[0]);
}

TEST(ReadySignalTest, WithoutADescriptorNothingHappens) { EXPECT_TRUE(SignalReady(-1).ok()); }

TEST(ReadySignalTest, ADescriptorThatIsNotOpenIsNamed) {
  EXPECT_EQ(StatusErrno(SignalReady(12'345)), EBADF);
}

}  // namespace
}  // namespace coppice
