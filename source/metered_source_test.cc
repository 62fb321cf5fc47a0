#include "source/metered_source.h"

#include <cerrno>
#include <memory>

#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(Metered, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeMeteredSource(base, "metered");
                         })));

// W13 of the predecessor: hits, misses and errors were counted as each other.
TEST(MeteredSourceTest, W13_RequestsErrorsBytesAndThoseInFlightAreWhatTheyAre) {
  FakeClock clock;
  MemorySource base(clock);
  base.AddFile("a", "bytes");
  const auto metered = MakeMeteredSource(base, "metered");
  const Path a = *Path::Parse("a");
  ASSERT_TRUE(AwaitAttributes(*metered, a).ok());
  ASSERT_TRUE(AwaitAttributes(*metered, *Path::Parse("missing")).ok());
  base.FailNext(Kind::kAttributes, ErrnoStatus(EIO, "lstat"));
  ASSERT_FALSE(AwaitAttributes(*metered, a).ok());
  ASSERT_TRUE(AwaitBlock(*metered, base.KeyOf("a", 0)).ok());
  ASSERT_TRUE(AwaitListing(*metered, Path()).ok());
  const BlockKey key = base.KeyOf("a", 0);
  ASSERT_FALSE(AwaitExtent(*metered, a, key.version, 5, ExtentKind::kData).ok());
  base.Hold(Kind::kStatistics);
  Answer<FileSystemStatistics> held;
  metered->GetFileSystemStatistics(a, {}, held.MakeDone());

  auto counters = metered->Statistics().counters;
  EXPECT_EQ(counters["get_attributes_requests"], 3u);
  EXPECT_EQ(counters["get_attributes_errors"], 1u);
  EXPECT_EQ(counters["get_attributes_in_flight"], 0u);
  EXPECT_EQ(counters["read_block_bytes"], 5u);
  EXPECT_EQ(counters["read_directory_requests"], 1u);
  EXPECT_EQ(counters["find_extent_requests"], 1u);
  EXPECT_EQ(counters["find_extent_errors"], 1u);
  EXPECT_EQ(counters["file_system_in_flight"], 1u);
  base.Release(Kind::kStatistics);
  EXPECT_EQ(metered->Statistics().counters["file_system_in_flight"], 0u);
}

}  // namespace
}  // namespace coppice
