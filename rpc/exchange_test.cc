// Streams of Peer.Exchange as our own client uses them.

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "gtest/gtest.h"
#include "rpc/alarm_timer.h"
#include "rpc/exchange_stream.h"
#include "rpc/peer_source.h"
#include "rpc/status_codec.h"
#include "rpc/testing/wire_pair.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() { memory_.AddFile("file", "the bytes"); }

  static Path PathOf(const std::string& text) { return Path::Parse(text).value(); }
  uint64_t Counter(const std::string& name) {
    return pair_.service().Statistics().counters.at(name);
  }

  RealClock clock_;
  std::unique_ptr<Timer> timer_ = MakeAlarmTimer();
  MemorySource memory_{clock_};
  WirePair pair_{memory_, clock_, *timer_};
};

TEST_F(ExchangeTest, ManyRequestsTakeOneStream) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
    ASSERT_TRUE(AwaitListing(pair_.client(), Path()).ok());
    ASSERT_TRUE(AwaitBlock(pair_.client(), memory_.KeyOf("file", 0)).ok());
  }
  EXPECT_EQ(Counter("exchange"), 1u);
}

TEST_F(ExchangeTest, AnAnswerOvertakesARequestThatTakesLonger) {
  memory_.Hold(Kind::kListing);
  Answer<ListingRef> listing;
  pair_.client().ReadDirectory(Path(), {}, {}, listing.MakeDone());
  memory_.AwaitHeld(Kind::kListing, 1);
  EXPECT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
  EXPECT_FALSE(listing.IsReady());
  memory_.Release(Kind::kListing);
  EXPECT_TRUE(listing.Await().ok());
}

TEST_F(ExchangeTest, SpeculativeRequestsWaitForOneAnotherAndNobodyWaitsForThem) {
  constexpr size_t kFiles = kSpeculativeMax + 10;
  memory_.Hold(Kind::kBlock);
  std::vector<Answer<BlockRef>> blocks(kFiles);
  for (size_t i = 0; i < kFiles; ++i) {
    const std::string name = absl::StrCat("s", i);
    memory_.AddFile(name, "x");
    pair_.client().ReadBlock(memory_.KeyOf(name, 0), {.speculative = true}, blocks[i].MakeDone());
  }
  memory_.AwaitHeld(Kind::kBlock, kSpeculativeMax);
  // Comes after the last of them that was sent: so no more were.
  EXPECT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
  EXPECT_EQ(memory_.CallCount(Kind::kBlock), kSpeculativeMax);
  memory_.Release(Kind::kBlock);
  for (auto& block : blocks) EXPECT_TRUE(block.Await().ok());
}

TEST_F(ExchangeTest, ARequestThatTookTooLongIsFailedAndItsLateAnswerDropped) {
  memory_.Hold(Kind::kAttributes);
  const absl::Status status = AwaitAttributes(pair_.client(), PathOf("file"),
                                              {.deadline = absl::Now() + absl::Milliseconds(30)})
                                  .status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  memory_.AwaitHeld(Kind::kAttributes, 1);
  memory_.Release(Kind::kAttributes);
  // The same stream goes on.
  EXPECT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
  EXPECT_EQ(Counter("exchange"), 1u);
}

TEST_F(ExchangeTest, ABrokenStreamFailsAllItsRequestsAndTheNextHasANewOne) {
  memory_.Hold(Kind::kAttributes);
  memory_.Hold(Kind::kBlock);
  Answer<PathState> attributes;
  Answer<BlockRef> block;
  pair_.client().GetAttributes(PathOf("file"), {}, attributes.MakeDone());
  pair_.client().ReadBlock(memory_.KeyOf("file", 0), {}, block.MakeDone());
  memory_.AwaitHeld(Kind::kAttributes, 1);
  memory_.AwaitHeld(Kind::kBlock, 1);
  std::thread stopping([this] { pair_.StopServer(); });
  EXPECT_TRUE(IsTransportFailure(attributes.Await().status())) << attributes.Await().status();
  EXPECT_TRUE(IsTransportFailure(block.Await().status())) << block.Await().status();
  memory_.Release(Kind::kAttributes);
  memory_.Release(Kind::kBlock);
  stopping.join();
  pair_.StartServer();
  EXPECT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
  EXPECT_EQ(Counter("exchange"), 1u);
}

TEST_F(ExchangeTest, AClosedServiceAnswersWhatItHasTakenAndEndsTheStream) {
  memory_.Hold(Kind::kAttributes);
  Answer<PathState> taken;
  pair_.client().GetAttributes(PathOf("file"), {}, taken.MakeDone());
  memory_.AwaitHeld(Kind::kAttributes, 1);
  pair_.service().Close();
  EXPECT_FALSE(taken.IsReady());
  memory_.Release(Kind::kAttributes);
  EXPECT_TRUE(taken.Await().ok()) << taken.Await().status();
  const absl::Status status = AwaitAttributes(pair_.client(), PathOf("file")).status();
  EXPECT_TRUE(IsTransportFailure(status)) << status;
}

TEST_F(ExchangeTest, SmallBlocksTravelOnTheStreamAndLargeOnesByCalls) {
  constexpr size_t kSmall = 64 << 10;
  memory_.AddGeneratedFile("small", kSmall);
  memory_.AddGeneratedFile("large", kSmall + 1);
  for (const char* name : {"small", "large"}) {
    const BlockKey key = memory_.KeyOf(name, 0);
    const auto block = AwaitBlock(pair_.client(), key);
    ASSERT_TRUE(block.ok()) << block.status();
    EXPECT_EQ((*block)->size(), key.LengthBytes());
  }
  EXPECT_EQ(Counter("exchange"), 1u);
  EXPECT_EQ(Counter("read"), 2u);
}

TEST_F(ExchangeTest, WhatIsAskedTogetherTravelsInFewMessages) {
  constexpr size_t kFiles = kSpeculativeMax;
  memory_.Hold(Kind::kBlock);
  std::vector<Answer<BlockRef>> blocks(kFiles);
  for (size_t i = 0; i < kFiles; ++i) {
    const std::string name = absl::StrCat("s", i);
    memory_.AddFile(name, name);
    pair_.client().ReadBlock(memory_.KeyOf(name, 0), {.speculative = true}, blocks[i].MakeDone());
  }
  memory_.AwaitHeld(Kind::kBlock, kFiles);
  memory_.Release(Kind::kBlock);
  for (size_t i = 0; i < kFiles; ++i) {
    const auto block = blocks[i].Await();
    ASSERT_TRUE(block.ok()) << block.status();
    // Each its own.
    EXPECT_EQ(std::string((*block)->bytes().begin(), (*block)->bytes().end()),
              absl::StrCat("s", i));
  }
  // How many depends on how long each takes to be sent: all that comes meanwhile is the next.
  const auto counters = pair_.client().Statistics().counters;
  EXPECT_LT(counters.at("messages_sent"), kFiles);
  EXPECT_LT(counters.at("messages_received"), kFiles);
}

}  // namespace
}  // namespace coppice
