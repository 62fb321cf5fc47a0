#include "trace/touch_log.h"

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;

Path P(const std::string& text) { return Path::Parse(text).value(); }

// "7 a 0+5" for a read, else "7 a", where 7 is the kind.
std::vector<std::string> Texts(const TouchLog& log) {
  std::vector<std::string> texts;
  for (const Touch& touch : log.Snapshot().touches) {
    std::string text = absl::StrCat(static_cast<int>(touch.kind), " ", touch.path.text());
    if (touch.length > 0) absl::StrAppend(&text, " ", touch.offset, "+", touch.length);
    texts.push_back(text);
  }
  return texts;
}

TEST(TouchLogTest, TouchesKeepTheOrderOfTheirFirstTime) {
  TouchLog log;
  log.Add(TouchKind::kDirectory, P("d"));
  log.Add(TouchKind::kMissing, P("d/x"));
  log.Add(TouchKind::kFile, P("d/f"));
  log.Add(TouchKind::kMissing, P("d/x"));
  log.Add(TouchKind::kDirectory, P("d"));
  EXPECT_THAT(Texts(log), ElementsAre("0 d", "4 d/x", "1 d/f"));
}

TEST(TouchLogTest, ANameItsListingItsTargetAndItsBytesAreSeveralTouches) {
  TouchLog log;
  for (int round = 0; round < 2; ++round) {
    log.Add(TouchKind::kDirectory, P("d"));
    log.Add(TouchKind::kListing, P("d"));
    log.Add(TouchKind::kTarget, P("d"));
    log.AddRead(P("d"), 0, 1);
  }
  EXPECT_THAT(Texts(log), ElementsAre("0 d", "5 d", "6 d", "7 d 0+1"));
}

TEST(TouchLogTest, ANameCountsAsWhatItWasFirst) {
  TouchLog log;
  log.Add(TouchKind::kMissing, P("x"));
  log.Add(TouchKind::kFile, P("x"));
  EXPECT_THAT(Texts(log), ElementsAre("4 x"));
}

TEST(TouchLogTest, RangesThatMeetAreOneAtThePlaceOfTheEarliest) {
  TouchLog log;
  log.AddRead(P("a"), 0, 10);
  log.AddRead(P("b"), 0, 10);
  log.AddRead(P("a"), 10, 10);  // adjoins
  log.AddRead(P("a"), 15, 10);  // overlaps
  log.AddRead(P("a"), 5, 2);    // lies within
  EXPECT_THAT(Texts(log), ElementsAre("7 a 0+25", "7 b 0+10"));
}

TEST(TouchLogTest, RangesApartStayApartUntilOneJoinsThem) {
  TouchLog log;
  log.AddRead(P("a"), 40, 10);
  log.AddRead(P("a"), 0, 10);
  log.AddRead(P("a"), 20, 10);
  EXPECT_THAT(Texts(log), ElementsAre("7 a 40+10", "7 a 0+10", "7 a 20+10"));
  log.AddRead(P("a"), 10, 10);
  EXPECT_THAT(Texts(log), ElementsAre("7 a 40+10", "7 a 0+30"));
  log.AddRead(P("a"), 25, 100);
  EXPECT_THAT(Texts(log), ElementsAre("7 a 0+125"));
}

TEST(TouchLogTest, NothingReadIsNoTouch) {
  TouchLog log;
  log.AddRead(P("a"), 7, 0);
  EXPECT_TRUE(Texts(log).empty());
}

TEST(TouchLogTest, RandomRangesCoverWhatWasReadAndNoMore) {
  const uint32_t seed = std::random_device()();
  std::mt19937 random(seed);
  TouchLog log;
  std::set<uint64_t> read;
  for (int i = 0; i < 300; ++i) {
    const uint64_t offset = random() % 2000;
    const uint64_t length = 1 + random() % 12;
    log.AddRead(P("a"), offset, length);
    for (uint64_t byte = offset; byte < offset + length; ++byte) read.insert(byte);
  }
  std::set<uint64_t> covered;
  for (const Touch& touch : log.Snapshot().touches) {
    for (uint64_t byte = touch.offset; byte < touch.offset + touch.length; ++byte) {
      EXPECT_TRUE(covered.insert(byte).second) << "twice, seed " << seed;
    }
    EXPECT_FALSE(covered.contains(touch.offset + touch.length)) << "not merged, seed " << seed;
  }
  EXPECT_EQ(covered, read) << "seed " << seed;
}

TEST(TouchLogTest, AFullLogKeepsWhatItHasAndSaysThatItIsNotComplete) {
  TouchLog log(/*bytes_max=*/2000);
  EXPECT_TRUE(log.Snapshot().complete);
  for (int i = 0; i < 100; ++i) log.Add(TouchKind::kMissing, P(absl::StrCat("name", i)));
  EXPECT_TRUE(log.full());
  const Trace trace = log.Snapshot();
  EXPECT_FALSE(trace.complete);
  ASSERT_GT(trace.touches.size(), 1u);
  ASSERT_LT(trace.touches.size(), 100u);
  for (size_t i = 0; i < trace.touches.size(); ++i) {
    EXPECT_EQ(trace.touches[i].path.text(), absl::StrCat("name", i));
  }
  // Not even what would fit: a trace with holes would be no beginning of the run.
  log.Add(TouchKind::kMissing, P("x"));
  log.AddRead(P("name0"), 0, 1);
  EXPECT_EQ(log.Snapshot(), trace);
}

TEST(TouchLogTest, ThreadsMayTouchAtOnce) {
  TouchLog log;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log] {
      for (int i = 0; i < 1000; ++i) {
        log.Add(TouchKind::kFile, P(absl::StrCat("f", i % 50)));
        log.AddRead(P("f"), static_cast<uint64_t>(i) * 8, 8);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(log.Snapshot().touches.size(), 51u);
}

}  // namespace
}  // namespace coppice
