#include "source/stale_block.h"

#include <cerrno>

#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(StaleBlockTest, WhatIsSaidOfThePathSaysThatTheVersionIsGone) {
  for (const int error_number : {ESTALE, ENOENT, ENOTDIR, EISDIR, EINVAL}) {
    EXPECT_TRUE(SaysVersionIsGone(ErrnoStatus(error_number, "read"))) << error_number;
  }
}

TEST(StaleBlockTest, WhatIsSaidOfTheReaderTheDeviceOrTheWayDoesNot) {
  for (const int error_number : {EACCES, EIO, ENOMEM, ETIMEDOUT, EMFILE}) {
    EXPECT_FALSE(SaysVersionIsGone(ErrnoStatus(error_number, "read"))) << error_number;
  }
  EXPECT_FALSE(SaysVersionIsGone(absl::OkStatus()));
  EXPECT_FALSE(SaysVersionIsGone(absl::NotFoundError("of what?")));
  EXPECT_FALSE(SaysVersionIsGone(absl::UnavailableError("down")));
}

}  // namespace
}  // namespace coppice
