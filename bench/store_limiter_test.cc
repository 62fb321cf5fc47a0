#include "bench/store_limiter.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1000);

TEST(StoreLimiterTest, WithoutLimitsAllIsDoneAtOnce) {
  StoreLimiter limiter({});
  EXPECT_EQ(limiter.OperationDone(kNow), kNow);
  EXPECT_EQ(limiter.BytesDone(kNow, uint64_t{1} << 40), kNow);
}

TEST(StoreLimiterTest, LatencyOverlaps) {
  StoreLimiter limiter({.latency = absl::Milliseconds(5)});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limiter.OperationDone(kNow), kNow + absl::Milliseconds(5));
    EXPECT_EQ(limiter.BytesDone(kNow, 100), kNow + absl::Milliseconds(5));
  }
}

TEST(StoreLimiterTest, OperationsWaitForThoseBeforeThem) {
  StoreLimiter limiter({.latency = absl::Milliseconds(5), .operations_per_second = 100});
  EXPECT_EQ(limiter.OperationDone(kNow), kNow + absl::Milliseconds(15));
  EXPECT_EQ(limiter.OperationDone(kNow), kNow + absl::Milliseconds(25));
  EXPECT_EQ(limiter.OperationDone(kNow + absl::Milliseconds(3)), kNow + absl::Milliseconds(35));
}

TEST(StoreLimiterTest, AnIdleServerSavesNothingUp) {
  StoreLimiter limiter({.operations_per_second = 100});
  limiter.OperationDone(kNow);
  const absl::Time later = kNow + absl::Seconds(1);
  EXPECT_EQ(limiter.OperationDone(later), later + absl::Milliseconds(10));
  EXPECT_EQ(limiter.OperationDone(later), later + absl::Milliseconds(20));
}

TEST(StoreLimiterTest, BytesShareTheBandwidthAndNotTheOperations) {
  StoreLimiter limiter({.operations_per_second = 1, .bytes_per_second = 1e6});
  limiter.OperationDone(kNow);
  EXPECT_EQ(limiter.BytesDone(kNow, 500'000), kNow + absl::Milliseconds(500));
  EXPECT_EQ(limiter.BytesDone(kNow, 250'000), kNow + absl::Milliseconds(750));
}

}  // namespace
}  // namespace coppice
