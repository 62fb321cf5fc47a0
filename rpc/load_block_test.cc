// PeerSource::LoadBlock over real gRPC: blocks that the peer shares travel without their bytes.
#include <cerrno>
#include <memory>
#include <string>
#include <thread>

#include "common/clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "rpc/alarm_timer.h"
#include "rpc/retrying_source.h"
#include "rpc/testing/wire_pair.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

// What a client stands on, to its end.
struct Served {
  explicit Served(WirePairOptions options = {}) : pair(memory, clock, *timer, options) {}

  RealClock clock;
  std::unique_ptr<Timer> timer = MakeAlarmTimer();
  MemorySource memory{clock};
  WirePair pair;
};

TEST(LoadBlockTest, ABlockInSharedMemoryTravelsWithoutItsBytes) {
  WirePairOptions options;
  options.service.is_shared = [](const Block& block) { return block.size() == 5; };
  Served served(options);
  served.memory.AddFile("shared", "bytes");
  served.memory.AddFile("other", "other bytes");
  const auto load = [&](const std::string& path) {
    Answer<bool> answer;
    served.pair.client().LoadBlock(served.memory.KeyOf(path, 0), {}, answer.MakeDone());
    return answer.Await();
  };
  EXPECT_EQ(*load("shared"), true);
  EXPECT_EQ(*load("other"), false);
  EXPECT_EQ(served.pair.service().Statistics().counters.at("bytes_sent"), 0u);
  EXPECT_EQ(served.pair.service().Statistics().counters.at("blocks_shared"), 1u);
  served.memory.FailNext(Kind::kBlock, ErrnoStatus(EACCES, "open"));
  EXPECT_EQ(StatusErrno(load("shared").status()), EACCES);
  EXPECT_EQ((*AwaitBlock(served.pair.client(), served.memory.KeyOf("other", 0)))->size(), 11u);
}

TEST(LoadBlockTest, ALoadThatABusyPeerRefusesIsRepeated) {
  WirePairOptions options;
  options.service.calls_in_flight_max = 1;
  Served served(options);
  served.memory.AddFile("f", "bytes");
  const RequestContext context = {.deadline = served.clock.Now() + absl::Seconds(30)};
  served.memory.Hold(Kind::kBlock);
  Answer<BlockRef> busy;
  served.pair.client().ReadBlock(served.memory.KeyOf("f", 0), context, busy.MakeDone());
  served.memory.AwaitHeld(Kind::kBlock, 1);
  const auto retrying = MakeRetryingPeer(served.pair.client(), {}, *served.timer, served.clock);
  Answer<bool> loaded;
  retrying->LoadBlock(served.memory.KeyOf("f", 0), context, loaded.MakeDone());
  while (retrying->Statistics().counters.at("retries") == 0) std::this_thread::yield();
  served.memory.Release(Kind::kBlock);
  EXPECT_TRUE(busy.Await().ok());
  EXPECT_TRUE(loaded.Await().ok());
}

}  // namespace
}  // namespace coppice
