#include "fuse_client/request_counters.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(RequestCountersTest, EachKindIsCountedUnderItsName) {
  RequestCounters counters;
  counters.Count(RequestKind::kLookup);
  counters.Count(RequestKind::kLookup);
  counters.Count(RequestKind::kRead);
  counters.Count(RequestKind::kRefused);
  counters.CountReadBytes(4096);
  counters.CountReadBytes(4);
  const auto snapshot = counters.Snapshot();
  EXPECT_EQ(snapshot.at("LOOKUP"), 2u);
  EXPECT_EQ(snapshot.at("READ"), 1u);
  EXPECT_EQ(snapshot.at("REFUSED"), 1u);
  EXPECT_EQ(snapshot.at("read_bytes"), 4100u);
}

TEST(RequestCountersTest, KindsThatNeverCameAreThereWithZero) {
  const auto snapshot = RequestCounters().Snapshot();
  EXPECT_EQ(snapshot.size(), static_cast<size_t>(RequestKind::kCount) + 1);
  for (const auto& [name, count] : snapshot) EXPECT_EQ(count, 0u) << name;
}

}  // namespace
}  // namespace coppice
