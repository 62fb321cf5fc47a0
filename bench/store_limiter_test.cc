#include "bench/store_limiter.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1000);

TEST(StoreLimiterTest, WithoutLimitsAllIsDoneAtOnce) {
  StoreQueues queues;
  StoreLimiter limiter({}, queues);
  EXPECT_EQ(limiter.OperationDone(kNow), kNow);
  EXPECT_EQ(limiter.BytesDone(kNow, uint64_t{1} << 40), kNow);
}

TEST(StoreLimiterTest, LatencyOverlaps) {
  StoreQueues queues;
  StoreLimiter limiter({.latency = absl::Milliseconds(5)}, queues);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limiter.OperationDone(kNow), kNow + absl::Milliseconds(5));
    EXPECT_EQ(limiter.BytesDone(kNow, 100), kNow + absl::Milliseconds(5));
  }
}

TEST(StoreLimiterTest, OperationsWaitForThoseBeforeThem) {
  StoreQueues queues;
  StoreLimiter limiter({.latency = absl::Milliseconds(5), .operations_per_second = 100}, queues);
  EXPECT_EQ(limiter.OperationDone(kNow), kNow + absl::Milliseconds(15));
  EXPECT_EQ(limiter.OperationDone(kNow), kNow + absl::Milliseconds(25));
  EXPECT_EQ(limiter.OperationDone(kNow + absl::Milliseconds(3)), kNow + absl::Milliseconds(35));
}

TEST(StoreLimiterTest, AnIdleServerSavesNothingUp) {
  StoreQueues queues;
  StoreLimiter limiter({.operations_per_second = 100}, queues);
  limiter.OperationDone(kNow);
  const absl::Time later = kNow + absl::Seconds(1);
  EXPECT_EQ(limiter.OperationDone(later), later + absl::Milliseconds(10));
  EXPECT_EQ(limiter.OperationDone(later), later + absl::Milliseconds(20));
}

TEST(StoreLimiterTest, BytesShareTheBandwidthAndNotTheOperations) {
  StoreQueues queues;
  StoreLimiter limiter({.operations_per_second = 1, .bytes_per_second = 1e6}, queues);
  limiter.OperationDone(kNow);
  EXPECT_EQ(limiter.BytesDone(kNow, 500'000), kNow + absl::Milliseconds(500));
  EXPECT_EQ(limiter.BytesDone(kNow, 250'000), kNow + absl::Milliseconds(750));
}

TEST(StoreLimiterTest, WhoSharesTheQueuesWaitsForTheOthers) {
  StoreQueues queues;
  StoreLimiter one({.operations_per_second = 100}, queues);
  StoreLimiter other({.operations_per_second = 100}, queues);
  EXPECT_EQ(one.OperationDone(kNow), kNow + absl::Milliseconds(10));
  EXPECT_EQ(other.OperationDone(kNow), kNow + absl::Milliseconds(20));
  EXPECT_EQ(one.OperationDone(kNow), kNow + absl::Milliseconds(30));
}

}  // namespace
}  // namespace coppice
