#include "common/own_host_name.h"

#include <sys/utsname.h>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(OwnHostNameTest, ItIsWhatTheKernelSays) {
  utsname kernel;
  ASSERT_EQ(uname(&kernel), 0);
  EXPECT_EQ(OwnHostName(), kernel.nodename);
}

}  // namespace
}  // namespace coppice
