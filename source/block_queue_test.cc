#include "source/block_queue.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;
using Urgency = BlockQueue::Urgency;

class BlockQueueTest : public testing::Test {
 protected:
  ~BlockQueueTest() override {
    queue_.Clear();
    base_.Release(Kind::kBlock);
  }

  void Add(const std::string& name, Urgency urgency = Urgency::kSooner) {
    base_.AddFile(name, "bytes");
    queue_.Add(base_.KeyOf(name, 0), {}, urgency);
  }
  size_t Asked(const std::string& name) { return base_.BlockCallCount(name, 0); }

  FakeClock clock_;
  MemorySource base_{clock_};
  BlockQueue queue_{speculation_};
  Speculation speculation_{base_};
};

TEST_F(BlockQueueTest, AFewAreUnderWayAndTheEndOfOneBeginsTheNext) {
  base_.Hold(Kind::kBlock);
  for (size_t i = 0; i < kQueuedUnderWayMax + 2; ++i) Add(absl::StrCat("f", i));
  EXPECT_EQ(base_.HeldCount(Kind::kBlock), kQueuedUnderWayMax);
  base_.ReleaseOne(Kind::kBlock);
  EXPECT_EQ(base_.HeldCount(Kind::kBlock), kQueuedUnderWayMax);
  EXPECT_EQ(Asked(absl::StrCat("f", kQueuedUnderWayMax)), 1u);
  EXPECT_EQ(Asked(absl::StrCat("f", kQueuedUnderWayMax + 1)), 0u);
  base_.Release(Kind::kBlock);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), kQueuedUnderWayMax + 2);
}

TEST_F(BlockQueueTest, WhatIsWantedSoonerComesFirstWheneverItWasAdded) {
  base_.Hold(Kind::kBlock);
  for (size_t i = 0; i < kQueuedUnderWayMax; ++i) Add(absl::StrCat("f", i));
  Add("later", Urgency::kLater);
  Add("sooner");
  base_.ReleaseOne(Kind::kBlock);
  EXPECT_EQ(Asked("sooner"), 1u);
  EXPECT_EQ(Asked("later"), 0u);
  base_.ReleaseOne(Kind::kBlock);
  EXPECT_EQ(Asked("later"), 1u);
}

TEST_F(BlockQueueTest, AQueueOfWhatIsAtHandEndsWithoutCallsWithinCalls) {
  base_.Hold(Kind::kBlock);
  constexpr size_t kMany = 5'000;
  for (size_t i = 0; i < kMany; ++i) Add(absl::StrCat("f", i));
  base_.Release(Kind::kBlock);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), kMany);
}

TEST_F(BlockQueueTest, WhatWasClearedIsNotFetched) {
  base_.Hold(Kind::kBlock);
  for (size_t i = 0; i < kQueuedUnderWayMax + 5; ++i) Add(absl::StrCat("f", i));
  queue_.Clear();
  base_.Release(Kind::kBlock);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), kQueuedUnderWayMax);
  Add("next");
  EXPECT_EQ(Asked("next"), 1u);
}

}  // namespace
}  // namespace coppice
