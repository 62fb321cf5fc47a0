#include "bench/shared_store.h"

#include <cerrno>
#include <fstream>

#include "absl/time/time.h"
#include "bench/scratch_directory.h"
#include "bench/store_limiter.h"
#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

class SharedStoreTest : public testing::Test {
 protected:
  const ScratchDirectory scratch_ = ScratchDirectory::Make(testing::TempDir()).value();
  const std::string file_ = scratch_.File("store");
};

TEST_F(SharedStoreTest, ANewOneIsIdleAndHasCountedNothing) {
  const SharedStore store = SharedStore::Open(file_).value();
  EXPECT_EQ(store.counters().Figures().OperationCount(), 0u);
  const absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_EQ(StoreLimiter({}, store.queues()).OperationDone(now), now);
}

TEST_F(SharedStoreTest, AllWhoOpenItShareItsQueuesAndCounters) {
  const SharedStore one = SharedStore::Open(file_).value();
  const SharedStore other = SharedStore::Open(file_).value();
  one.counters().CountRead(10);
  other.counters().CountRead(5);
  EXPECT_EQ(one.counters().Figures().bytes, 15u);
  const absl::Time now = absl::FromUnixSeconds(1000);
  const StoreLimits limits = {.operations_per_second = 10};
  StoreLimiter(limits, one.queues()).OperationDone(now);
  EXPECT_EQ(StoreLimiter(limits, other.queues()).OperationDone(now), now + absl::Milliseconds(200));
}

TEST_F(SharedStoreTest, AnotherFileIsRefused) {
  std::ofstream(file_) << "something else";
  EXPECT_FALSE(SharedStore::Open(file_).ok());
  EXPECT_EQ(StatusErrno(SharedStore::Open(scratch_.File("no/store")).status()), ENOENT);
}

}  // namespace
}  // namespace coppice
