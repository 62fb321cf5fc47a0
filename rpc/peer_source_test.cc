// A PeerSource and a PeerService over real gRPC: what travels, what fails, and when.
#include "rpc/peer_source.h"

#include <cerrno>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/alarm_timer.h"
#include "rpc/retrying_source.h"
#include "rpc/status_codec.h"
#include "rpc/testing/fake_timer.h"
#include "rpc/testing/wire_pair.h"
#include "source/forwarding_source.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using testing::HasSubstr;
using Wire = WirePairOptions::Wire;
using Kind = MemorySource::Kind;

Path PathOf(const std::string& text) { return Path::Parse(text).value(); }

// What a client stands on, to its end.
struct Served {
  explicit Served(WirePairOptions options = {}) : pair(memory, clock, *timer, options) {}

  RealClock clock;
  std::unique_ptr<Timer> timer = MakeAlarmTimer();
  MemorySource memory{clock};
  WirePair pair;
};

ConformanceFactory OverTheWire(Wire wire) {
  return [wire](const std::vector<FixtureEntry>& tree) {
    auto served = std::make_shared<Served>(WirePairOptions{.wire = wire});
    AddToMemory(tree, served->memory);
    return std::shared_ptr<Source>(served, &served->pair.client());
  };
}

INSTANTIATE_TEST_SUITE_P(InProcess, SourceConformanceTest,
                         testing::Values(OverTheWire(Wire::kInProcess)));
INSTANTIATE_TEST_SUITE_P(UnixSocket, SourceConformanceTest,
                         testing::Values(OverTheWire(Wire::kUnixSocket)));
INSTANTIATE_TEST_SUITE_P(Tcp, SourceConformanceTest, testing::Values(OverTheWire(Wire::kTcp)));

TEST(PeerSourceTest, EveryErrnoArrivesExactly) {
  Served served;
  for (int error_number = 1; error_number <= 133; ++error_number) {
    served.memory.FailNext(Kind::kAttributes, ErrnoStatus(error_number, "lstat 'a'"));
    served.memory.FailNext(Kind::kBlock, ErrnoStatus(error_number, "read 'a'"));
    const absl::Status status = AwaitAttributes(served.pair.client(), PathOf("a")).status();
    EXPECT_TRUE(HasErrno(status)) << error_number;
    EXPECT_EQ(StatusErrno(status), error_number) << status;
    EXPECT_FALSE(IsTransportFailure(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("lstat 'a'"));
    const BlockKey key{.path = PathOf("a"), .version = {.id = 1, .size = 1}};
    EXPECT_EQ(StatusErrno(AwaitBlock(served.pair.client(), key).status()), error_number);
  }
}

TEST(PeerSourceTest, AStatusWithoutErrnoKeepsItsCodeAndIsAnAnswer) {
  Served served;
  for (int code = 1; code <= 16; ++code) {
    const absl::Status sent(static_cast<absl::StatusCode>(code), "said so");
    served.memory.FailNext(Kind::kAttributes, sent);
    // With no deadline of the reader, the hop timeout binds, and takes DEADLINE_EXCEEDED for its
    // own.
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    const absl::Status status =
        AwaitAttributes(served.pair.client(), PathOf("a"), {.deadline = deadline}).status();
    EXPECT_EQ(status.code(), sent.code());
    EXPECT_EQ(status.message(), "nid001: said so");
    EXPECT_FALSE(HasErrno(status));
    EXPECT_FALSE(IsTransportFailure(status));
  }
}

TEST(PeerSourceTest, ALongMessageIsCutAndDoesNotHideTheErrno) {
  Served served;
  const std::string message(10'000, '\xff');
  served.memory.FailNext(Kind::kAttributes, ErrnoStatus(EACCES, message));
  const absl::Status status = AwaitAttributes(served.pair.client(), PathOf("a")).status();
  EXPECT_EQ(StatusErrno(status), EACCES);
  EXPECT_LE(status.message().size(), kStatusMessageBytesMax + 100);
}

TEST(PeerSourceTest, AnAgeTravelsAndIsMeasuredOnTheReceiversClock) {
  FakeTimer timer;
  MemorySource memory(timer.clock());
  memory.AddFile("a", "x");
  WirePair pair(memory, timer.clock(), timer);
  memory.Hold(Kind::kAttributes);
  Answer<PathState> answer;
  const absl::Time confirmed_at = timer.clock().Now();
  pair.client().GetAttributes(PathOf("a"), {}, answer.MakeDone());
  memory.AwaitHeld(Kind::kAttributes, 1);
  timer.Advance(absl::Seconds(7));
  memory.Release(Kind::kAttributes);
  const auto state = answer.Await();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->confirmed_at, confirmed_at);
  EXPECT_EQ(state->attributes, memory.AttributesOf("a"));
}

TEST(PeerSourceTest, TheContextTravelsWithOneHopMore) {
  Served served;
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  ASSERT_TRUE(
      AwaitAttributes(
          served.pair.client(), PathOf("a"),
          {.deadline = deadline, .age_max = absl::Seconds(3), .speculative = true, .hops = 4})
          .ok());
  const RequestContext seen = served.memory.Calls().front().context;
  EXPECT_EQ(seen.age_max, absl::Seconds(3));
  EXPECT_TRUE(seen.speculative);
  EXPECT_EQ(seen.hops, 5u);
  // gRPC carries the deadline as time left.
  EXPECT_LE(seen.deadline, deadline + absl::Seconds(1));
  EXPECT_GE(seen.deadline, deadline - absl::Seconds(5));
}

TEST(PeerSourceTest, ALoopInTheTreeFailsAtOnce) {
  Served served;
  const absl::Status status =
      AwaitAttributes(served.pair.client(), PathOf("a"), {.hops = kHopsMax + 1}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("loop"));
  EXPECT_EQ(served.memory.CallCount(Kind::kAttributes), 0u);
  // The last allowed hop leaves with one more, which the service refuses.
  EXPECT_EQ(AwaitAttributes(served.pair.client(), PathOf("a"), {.hops = kHopsMax}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(served.pair.service().Statistics().counters.at("invalid"), 1u);
}

TEST(PeerSourceTest, AHopTimeoutBeforeTheReadersDeadlineIsUnavailable) {
  WirePairOptions options;
  options.client.hop_timeout = absl::Milliseconds(50);
  Served served(options);
  served.memory.AddFile("a", "x");
  served.memory.Hold(Kind::kAttributes);
  served.memory.Hold(Kind::kBlock);
  const absl::Time deadline = absl::Now() + absl::Hours(1);
  const absl::Status status =
      AwaitAttributes(served.pair.client(), PathOf("a"), {.deadline = deadline}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(IsTransportFailure(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("nid001: no answer in 50ms"));
  EXPECT_TRUE(
      absl::IsUnavailable(AwaitBlock(served.pair.client(), served.memory.KeyOf("a", 0)).status()));
  served.memory.AwaitHeld(Kind::kBlock, 1);
  served.memory.Release(Kind::kAttributes);
  served.memory.Release(Kind::kBlock);
}

TEST(PeerSourceTest, TheReadersOwnDeadlineIsDeadlineExceeded) {
  Served served;
  served.memory.Hold(Kind::kAttributes);
  const absl::Status status = AwaitAttributes(served.pair.client(), PathOf("a"),
                                              {.deadline = absl::Now() + absl::Milliseconds(50)})
                                  .status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_FALSE(IsTransportFailure(status));
  served.memory.AwaitHeld(Kind::kAttributes, 1);
  served.memory.Release(Kind::kAttributes);
}

TEST(PeerSourceTest, ADeadlineThatHasPassedAsksNobody) {
  Served served;
  const absl::Status status = AwaitAttributes(served.pair.client(), PathOf("a"),
                                              {.deadline = absl::Now() - absl::Seconds(1)})
                                  .status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status));
  EXPECT_EQ(served.memory.CallCount(Kind::kAttributes), 0u);
}

TEST(PeerSourceTest, ATimeoutOfTheBackingFileSystemIsAnAnswerEvenWhenTheHopTimeoutBinds) {
  Served served;
  served.memory.FailNext(Kind::kAttributes, ErrnoStatus(ETIMEDOUT, "lstat"));
  const absl::Status status = AwaitAttributes(served.pair.client(), PathOf("a")).status();
  EXPECT_EQ(StatusErrno(status), ETIMEDOUT);
  EXPECT_FALSE(IsTransportFailure(status));
}

TEST(PeerSourceTest, ACorruptBlockIsAskedForOnceMore) {
  Served served;
  served.memory.AddFile("a", "the bytes");
  served.memory.CorruptNextBlock("a");
  const auto block = AwaitBlock(served.pair.client(), served.memory.KeyOf("a", 0));
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_EQ(std::string((*block)->bytes().data(), (*block)->size()), "the bytes");
  const auto counters = served.pair.client().Statistics().counters;
  EXPECT_EQ(counters.at("crc_mismatches"), 1u);
  EXPECT_EQ(counters.at("errors"), 0u);
  EXPECT_EQ(served.memory.CallCount(Kind::kBlock), 2u);
}

// Corrupts every block.
class CorruptingSource final : public ForwardingSource<> {
 public:
  explicit CorruptingSource(MemorySource& memory) : ForwardingSource(memory), memory_(memory) {}
  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    memory_.CorruptNextBlock(key.path.text());
    memory_.ReadBlock(key, context, std::move(done));
  }

 private:
  MemorySource& memory_;
};

TEST(PeerSourceTest, ABlockThatStaysCorruptIsDataLossThatNamesIt) {
  RealClock clock;
  const auto timer = MakeAlarmTimer();
  MemorySource memory(clock);
  memory.AddFile("dir/a", "the bytes");
  CorruptingSource corrupting(memory);
  WirePair pair(corrupting, clock, *timer);
  const absl::Status status = AwaitBlock(pair.client(), memory.KeyOf("dir/a", 0)).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("block 0 of 'dir/a'"));
  EXPECT_EQ(pair.client().Statistics().counters.at("crc_mismatches"), 2u);
  EXPECT_EQ(pair.client().Statistics().counters.at("errors"), 1u);
}

TEST(PeerSourceTest, CountsItsCallsAndTheBytes) {
  Served served;
  served.memory.AddGeneratedFile("a", 2 * kBlockBytes);
  ASSERT_TRUE(AwaitAttributes(served.pair.client(), PathOf("a")).ok());
  ASSERT_TRUE(AwaitListing(served.pair.client(), Path()).ok());
  ASSERT_TRUE(AwaitBlock(served.pair.client(), served.memory.KeyOf("a", 1)).ok());
  ASSERT_TRUE(AwaitFileSystemStatistics(served.pair.client(), Path()).ok());
  const BlockKey key = served.memory.KeyOf("a", 0);
  ASSERT_EQ(*AwaitExtent(served.pair.client(), key.path, key.version, 5, ExtentKind::kHole),
            2 * kBlockBytes);
  const LayerStatistics client = served.pair.client().Statistics();
  EXPECT_EQ(client.layer, "parent");
  for (const char* kind : {"get_attributes", "read_directory", "read_block", "find_extent",
                           "get_file_system_statistics"}) {
    EXPECT_EQ(client.counters.at(kind), 1u) << kind;
  }
  EXPECT_GE(client.counters.at("bytes_received"), kBlockBytes);
  const LayerStatistics service = served.pair.service().Statistics();
  EXPECT_EQ(service.layer, "service");
  EXPECT_EQ(service.counters.at("bytes_sent"), kBlockBytes);
  for (const char* kind : {"get_attr", "read_dir_plus", "read", "seek", "fs_stat"}) {
    EXPECT_EQ(service.counters.at(kind), 1u) << kind;
  }
  EXPECT_EQ(service.counters.at("in_flight"), 0u);
}

TEST(PeerSourceTest, WithoutWaitingForReadyADeadPeerFailsAtOnceAsTransport) {
  WirePairOptions options;
  options.client.wait_for_ready = false;
  Served served(options);
  ASSERT_TRUE(AwaitAttributes(served.pair.client(), Path()).ok());
  served.pair.StopServer();
  const absl::Status status = AwaitAttributes(served.pair.client(), Path()).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(IsTransportFailure(status));
}

TEST(PeerSourceTest, WithRetryingARestartOfThePeerInTheMiddleIsNotSeen) {
  WirePairOptions options;
  options.client.wait_for_ready = false;
  Served served(options);
  served.memory.AddFile("a", "x");
  RealClock clock;
  FakeTimer timer;  // turned when the server is back
  const auto retrying = MakeRetryingSource(served.pair.client(), {}, timer, clock);
  ASSERT_TRUE(AwaitAttributes(*retrying, PathOf("a")).ok());

  served.pair.StopServer();
  Answer<PathState> answer;
  retrying->GetAttributes(PathOf("a"), {}, answer.MakeDone());
  Answer<BlockRef> block;
  retrying->ReadBlock(served.memory.KeyOf("a", 0), {}, block.MakeDone());
  ASSERT_TRUE(timer.AwaitPending(2));
  EXPECT_FALSE(answer.IsReady());
  served.pair.StartServer();
  while (!answer.IsReady() || !block.IsReady()) timer.Advance(absl::Seconds(1));
  EXPECT_TRUE(answer.Await().ok()) << answer.Await().status();
  EXPECT_TRUE(block.Await().ok()) << block.Await().status();
  EXPECT_EQ(answer.Runs(), 1);
  EXPECT_EQ(block.Runs(), 1);
  EXPECT_GE(retrying->Statistics().counters.at("recovered"), 2u);
}

TEST(PeerSourceTest, ACallInFlightWhenThePeerDiesIsATransportFailure) {
  Served served;
  served.memory.Hold(Kind::kAttributes);
  Answer<PathState> answer;
  served.pair.client().GetAttributes(PathOf("a"), {}, answer.MakeDone());
  served.memory.AwaitHeld(Kind::kAttributes, 1);
  // Stopping waits for the source, on another thread; the call is cancelled after its grace.
  std::thread stopping([&served] { served.pair.StopServer(); });
  const absl::Status status = answer.Await().status();
  EXPECT_TRUE(IsTransportFailure(status)) << status;
  served.memory.Release(Kind::kAttributes);
  stopping.join();
  EXPECT_EQ(answer.Runs(), 1);
}

}  // namespace
}  // namespace coppice
