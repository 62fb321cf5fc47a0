#include "source/posix_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "common/thread_pool.h"
#include "gtest/gtest.h"
#include "source/posix_attributes.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

class PosixDirectoryTest : public testing::Test {
 protected:
  void SetUp() override { root_.emplace(ExportRoot::Open(directory_.path()).value()); }

  // Names of one file: links cost the file system least.
  void Fill(const std::string& name, int entry_count) {
    directory_.Write(name + "/entry0", "");
    const int descriptor = open(directory_.Below(name).c_str(), O_RDONLY | O_DIRECTORY);
    for (int i = 1; i < entry_count; ++i) {
      ASSERT_EQ(linkat(descriptor, "entry0", descriptor, absl::StrCat("entry", i).c_str(), 0), 0);
    }
    close(descriptor);
  }

  absl::StatusOr<ListingRef> Read(absl::string_view path, const DirectoryPage& page = {},
                                  absl::Duration slow_lstat = absl::InfiniteDuration()) {
    const PosixDirectory reader(*root_, clock_, counters_, pool_, nullptr, slow_lstat);
    return reader.Read(Path::Parse(path).value(), page,
                       std::make_shared<const std::vector<Path>>(mounts_));
  }

  Attributes AttributesOf(const std::string& name) {
    const int descriptor = open(directory_.Below(name).c_str(), O_PATH);
    const Attributes attributes = StatDescriptor(descriptor, name).value();
    close(descriptor);
    return attributes;
  }

  TemporaryDirectory directory_;
  std::optional<ExportRoot> root_;
  // An hour from now: everything is settled.
  FakeClock clock_{absl::Now() + absl::Hours(1)};
  PosixCounters counters_;
  ThreadPool pool_{4, 100};
  std::vector<Path> mounts_;
};

TEST_F(PosixDirectoryTest, AsManyEntriesAsTheLimitAreOneCompleteListing) {
  Fill("d", kListingEntriesMax);
  const ListingRef listing = Read("d").value();
  EXPECT_TRUE(listing->IsComplete());
  EXPECT_EQ(listing->entries.size(), kListingEntriesMax);
  EXPECT_EQ(counters_.lstats, kListingEntriesMax);
}

TEST_F(PosixDirectoryTest, ASlowFileSystemIsAskedForSeveralAtOnceWithTheSameAnswer) {
  for (int i = 0; i < 300; ++i) directory_.Write(absl::StrCat("d/", i), std::string(i, 'x'));
  const ListingRef in_order = Read("d").value();
  const uint64_t lstats = counters_.lstats;
  const ListingRef at_once = Read("d", {}, /*slow_lstat=*/absl::ZeroDuration()).value();
  EXPECT_EQ(counters_.lstats, 2 * lstats);
  ASSERT_EQ(at_once->entries.size(), 300u);
  for (size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(at_once->entries[i].name, in_order->entries[i].name);
    EXPECT_EQ(at_once->entries[i].attributes, in_order->entries[i].attributes);
  }
}

TEST_F(PosixDirectoryTest, OneMoreEntryNeedsPages) {
  Fill("d", kListingEntriesMax + 1);
  const ListingRef listing = Read("d").value();
  EXPECT_EQ(listing->bits_needed, 1u);
  EXPECT_TRUE(listing->entries.empty());
  EXPECT_FALSE(listing->IsComplete());
  EXPECT_EQ(counters_.lstats, 0u);
}

TEST_F(PosixDirectoryTest, TwentyThousandEntriesComeInPagesThatAskForTheirOwnEntriesOnly) {
  constexpr int kEntries = 20'000;
  Fill("d", kEntries);
  const uint32_t bits = Read("d").value()->bits_needed;
  ASSERT_EQ(bits, 2u);
  std::set<std::string> names;
  for (uint64_t index = 0; index < uint64_t{1} << bits; ++index) {
    counters_.lstats = 0;
    const DirectoryPage page{.bits = bits, .index = index};
    const ListingRef listing = Read("d", page).value();
    EXPECT_EQ(listing->page, page);
    EXPECT_EQ(listing->bits_needed, 0u);
    EXPECT_EQ(counters_.lstats, listing->entries.size());
    for (const Dentry& entry : listing->entries) {
      EXPECT_EQ(PageOf(CookieOf(entry.name), bits), page);
      EXPECT_TRUE(entry.attributes.has_value());
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    }
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kEntries));
}

TEST_F(PosixDirectoryTest, APageThatIsItselfTooLargeAsksForMoreBits) {
  Fill("d", 40'000);
  const ListingRef listing = Read("d", {.bits = 1, .index = 0}).value();
  EXPECT_EQ(listing->bits_needed, 3u);
  EXPECT_TRUE(listing->entries.empty());
}

TEST_F(PosixDirectoryTest, APageThatCannotBeIsEINVAL) {
  EXPECT_EQ(StatusErrno(Read("", {.bits = 0, .index = 1}).status()), EINVAL);
  EXPECT_EQ(StatusErrno(Read("", {.bits = 2, .index = 4}).status()), EINVAL);
  EXPECT_EQ(StatusErrno(Read("", {.bits = kPageBitsMax + 1, .index = 0}).status()), EINVAL);
  EXPECT_EQ(StatusErrno(Read("", {.bits = 64, .index = 0}).status()), EINVAL);
}

TEST_F(PosixDirectoryTest, ASettledDirectoryHasTheVersionThatItsAttributesHave) {
  Fill("d", 3);
  EXPECT_EQ(Read("d").value()->directory.version, AttributesOf("d").version);
}

TEST_F(PosixDirectoryTest, ADirectoryThatHasJustChangedHasAVersionThatNoRevalidationFinds) {
  Fill("d", 3);
  FakeClock& clock = clock_;
  clock.Advance(AttributesOf("d").ctime + absl::Milliseconds(1) - clock.Now());
  const Version unsettled = Read("d").value()->directory.version;
  EXPECT_NE(unsettled.id, AttributesOf("d").version.id);
  EXPECT_NE(unsettled.id, 0u);
  // Nor does another reading.
  clock.Advance(absl::Milliseconds(1));
  EXPECT_NE(Read("d").value()->directory.version, unsettled);
  // A change "in the future" is as recent as any.
  clock.Advance(-absl::Hours(1));
  EXPECT_NE(Read("d").value()->directory.version.id, AttributesOf("d").version.id);
  // Once it has settled, it has its own.
  clock.Advance(absl::Hours(1) + kTimestampGranularity);
  EXPECT_EQ(Read("d").value()->directory.version, AttributesOf("d").version);
}

TEST_F(PosixDirectoryTest, AMountThatMayNotBeEnteredIsNamedAndNotTouched) {
  Fill("d", 3);
  mounts_ = {Path::Parse("d/entry1").value(), Path::Parse("elsewhere/entry2").value()};
  const ListingRef listing = Read("d").value();
  ASSERT_NE(listing->Find("entry1"), nullptr);
  EXPECT_FALSE(listing->Find("entry1")->attributes.has_value());
  EXPECT_EQ(listing->Find("entry1")->type, static_cast<uint32_t>(S_IFDIR));
  EXPECT_TRUE(listing->Find("entry2")->attributes.has_value());
  EXPECT_EQ(counters_.lstats, 2u);
}

}  // namespace
}  // namespace coppice
