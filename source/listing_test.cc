#include "source/listing.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

Listing ListingOf(int entry_count) {
  Listing listing;
  for (int i = 0; i < entry_count; ++i) {
    listing.entries.push_back(
        {.name = absl::StrCat("entry", i), .inode = static_cast<uint64_t>(i)});
  }
  SortEntries(listing.entries);
  return listing;
}

TEST(ListingTest, FindsEveryNameAndNoOther) {
  const Listing listing = ListingOf(1000);
  for (int i = 0; i < 1000; ++i) {
    const Dentry* entry = listing.Find(absl::StrCat("entry", i));
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->inode, static_cast<uint64_t>(i));
  }
  EXPECT_EQ(listing.Find("entry1000"), nullptr);
  EXPECT_EQ(listing.Find(""), nullptr);
  EXPECT_EQ(Listing().Find("a"), nullptr);
}

// A wire constant: nodes of different builds must agree on it.
TEST(ListingTest, CookiesAreFixedForEver) {
  EXPECT_EQ(CookieOf(""), 0x2d06800538d394c2ull >> 1);
  EXPECT_GE(CookieOf("torch"), kCookieMin);
  EXPECT_EQ(CookieOf("torch") >> 63, 0u);
}

TEST(ListingTest, ContinuingAfterACookieNeitherSkipsNorRepeatsWhenOthersComeAndGo) {
  const Listing before = ListingOf(100);
  const Listing after = ListingOf(200);
  std::set<std::string> seen;
  size_t i = 0;
  for (; i < 50; ++i) EXPECT_TRUE(seen.insert(before.entries[i].name).second);
  for (size_t j = after.FirstAfter(CookieOf(before.entries[i - 1].name)); j < after.entries.size();
       ++j) {
    EXPECT_TRUE(seen.insert(after.entries[j].name).second);
  }
  for (const Dentry& entry : before.entries) EXPECT_TRUE(seen.contains(entry.name));
}

TEST(ListingTest, PagesAreDisjointAndHoldEveryCookie) {
  for (const uint32_t bits : {0u, 1u, 5u, kPageBitsMax}) {
    for (int i = 0; i < 1000; ++i) {
      const DirectoryPage page = PageOf(CookieOf(absl::StrCat(i)), bits);
      EXPECT_EQ(page.bits, bits);
      EXPECT_LT(page.index, uint64_t{1} << bits);
    }
  }
  // Pages follow the order of the cookies.
  const Listing listing = ListingOf(1000);
  uint64_t last = 0;
  for (const Dentry& entry : listing.entries) {
    const uint64_t index = PageOf(CookieOf(entry.name), 4).index;
    EXPECT_GE(index, last);
    last = index;
  }
}

TEST(ListingTest, OnlyTheWholeDirectoryIsComplete) {
  Listing listing;
  EXPECT_TRUE(listing.IsComplete());
  listing.bits_needed = 2;
  EXPECT_FALSE(listing.IsComplete());
  listing = Listing{.page = {.bits = 1, .index = 0}};
  EXPECT_FALSE(listing.IsComplete());
}

TEST(ListingTest, TheChargeGrowsWithTheEntries) {
  EXPECT_GE(ListingOf(1000).ChargeBytes(), 1000 * sizeof(Dentry));
  EXPECT_LT(ListingOf(10).ChargeBytes(), ListingOf(1000).ChargeBytes());
}

}  // namespace
}  // namespace coppice
