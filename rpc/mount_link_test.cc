// MountLink and MountRegistry over a unix socket: orders, answers, and streams that break.
#include "rpc/mount_link.h"

#include <grpcpp/channel.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/alarm_timer.h"
#include "rpc/mount_registry.h"
#include "rpc/testing/fake_timer.h"
#include "rpc/testing/wire_pair.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Duration kTimeout = absl::Seconds(10);

// A value that another thread sets.
template <typename T>
class Awaited {
 public:
  void Set(T value) {
    MutexLock lock(mutex_);
    values_.push_back(std::move(value));
    changed_.NotifyAll();
  }
  // The value that was set as number `index`; the test fails when it does not come.
  T Await(size_t index = 0) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    MutexLock lock(mutex_);
    while (values_.size() <= index) {
      const auto left = limit - std::chrono::steady_clock::now();
      if (left.count() <= 0) {
        ADD_FAILURE() << "it never came";
        return T();
      }
      changed_.WaitFor(mutex_, left);
    }
    return std::move(values_[index]);
  }
  size_t Count() {
    MutexLock lock(mutex_);
    return values_.size();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<T> values_ ABSL_GUARDED_BY(mutex_);
};

using ForgetDone = absl::AnyInvocable<void() &&>;

// A client as the peer sees it. Its links connect anew through a real timer.
struct Client {
  Client(const WirePair& pair, Timer& timer, std::string mount_point, bool answers = true) {
    link = StartMountLink(
        pair.channels().control, {.mount_point = std::move(mount_point), .pid = 42},
        {.on_welcome = [this](const Welcome& welcome) { welcomes.Set(welcome); },
         .on_invalidate =
             [this, answers](const Invalidation& invalidation, ForgetDone done) {
               forgotten.Set(absl::StrCat(invalidation.path.text(),
                                          invalidation.recursive ? " and below" : ""));
               if (answers) {
                 std::move(done)();
               } else {
                 unanswered.Set(std::move(done));
               }
             },
         .on_statistics =
             [] {
               return std::map<std::string, uint64_t>{{"LOOKUP", 7}, {"read_bytes", 1ull << 40}};
             },
         .on_reconnected = [this] { reconnected.Set(true); },
         .on_stop = [this] { stops.Set(true); }},
        timer);
  }

  Awaited<Welcome> welcomes;
  Awaited<std::string> forgotten;
  Awaited<ForgetDone> unanswered;
  Awaited<bool> reconnected;
  Awaited<bool> stops;
  std::unique_ptr<MountLink> link;
};

class MountLinkTest : public testing::Test {
 protected:
  std::unique_ptr<Client> Attach(const std::string& mount_point, bool answers = true) {
    auto client = std::make_unique<Client>(pair_, *real_timer_, mount_point, answers);
    const auto welcome = client->link->WaitForWelcome(absl::Minutes(1));
    EXPECT_TRUE(welcome.ok()) << welcome.status();
    return client;
  }

  // Returns once `path` is forgotten, or not.
  InvalidateOutcome Invalidate(const std::string& path, bool recursive = false) {
    Awaited<InvalidateOutcome> outcome;
    pair_.mounts().Invalidate({.path = Path::Parse(path).value(), .recursive = recursive}, kTimeout,
                              [&outcome](InvalidateOutcome o) { outcome.Set(o); });
    return outcome.Await();
  }

  // Waits until so many mounts have mounted.
  void AwaitMounted(size_t count) {
    for (size_t seen = 0; pair_.mounts().mounted() != count; ++seen) changes_.Await(seen);
  }

  FakeTimer timer_;  // the peer's
  Awaited<bool> changes_;
  std::unique_ptr<Timer> real_timer_ = MakeAlarmTimer();
  MemorySource memory_{timer_.clock()};
  WirePair pair_{memory_,
                 timer_.clock(),
                 timer_,
                 {.mounts = {.export_root = "/lus",
                             .node = "nid001",
                             .mounts_max = 3,
                             .orders_pending_max = 4,
                             .on_change = [this] { changes_.Set(true); }}}};
};

TEST_F(MountLinkTest, NobodyAttachesByTcp) {
  WirePair tcp(memory_, timer_.clock(), timer_, {.wire = WirePairOptions::Wire::kTcp});
  Client stranger(tcp, *real_timer_, "/tmp/m", /*answers=*/true);
  const auto welcome = stranger.link->WaitForWelcome(absl::Milliseconds(300));
  EXPECT_FALSE(welcome.ok());
  EXPECT_NE(welcome.status().message().find("unix socket"), absl::string_view::npos)
      << welcome.status();
  EXPECT_EQ(tcp.mounts().size(), 0u);
}

TEST_F(MountLinkTest, AClientIsToldTheExportRootAndTheNode) {
  const auto client = Attach("/tmp/m");
  const auto welcome = client->link->WaitForWelcome(absl::ZeroDuration());
  ASSERT_TRUE(welcome.ok());
  EXPECT_EQ(welcome->export_root, "/lus");
  EXPECT_EQ(welcome->node, "nid001");
  EXPECT_EQ(pair_.mounts().size(), 1u);
  EXPECT_EQ(client->reconnected.Count(), 0u);
}

TEST_F(MountLinkTest, AnInvalidationReachesEveryMountAndReturnsWhenAllHaveForgotten) {
  const auto first = Attach("/tmp/1");
  const auto second = Attach("/tmp/2");
  const InvalidateOutcome outcome = Invalidate("a/b", /*recursive=*/true);
  EXPECT_EQ(outcome.mounts, 2u);
  EXPECT_THAT(outcome.failures, IsEmpty());
  EXPECT_EQ(first->forgotten.Await(), "a/b and below");
  EXPECT_EQ(second->forgotten.Await(), "a/b and below");
  EXPECT_EQ(Invalidate("", false).mounts, 2u);
  EXPECT_EQ(first->forgotten.Await(1), "");
  EXPECT_EQ(timer_.PendingCount(), 0u);  // timeouts are cancelled
}

TEST_F(MountLinkTest, AnAttachedClientIsMountedWhenItSaysSoAndAgainAfterARestart) {
  const auto client = Attach("/tmp/m");
  EXPECT_EQ(pair_.mounts().mounted(), 0u);
  client->link->ReportMounted();
  AwaitMounted(1);
  client->link->ReportMounted();
  pair_.StopServer();
  pair_.StartServer();
  // Another registry, which knows nothing of the first.
  client->reconnected.Await();
  AwaitMounted(1);
}

TEST_F(MountLinkTest, AStopReachesEveryMountAndReturnsWhenAllAreGone) {
  const auto first = Attach("/tmp/1");
  const auto second = Attach("/tmp/2");
  Awaited<StopOutcome> outcome;
  pair_.mounts().Stop(kTimeout, [&outcome](StopOutcome o) { outcome.Set(o); });
  EXPECT_TRUE(first->stops.Await());
  EXPECT_TRUE(second->stops.Await());
  first->link.reset();
  EXPECT_EQ(outcome.Count(), 0u);
  second->link.reset();
  const StopOutcome gone = outcome.Await();
  EXPECT_EQ(gone.mounts, 2u);
  EXPECT_THAT(gone.failures, IsEmpty());
  EXPECT_EQ(timer_.PendingCount(), 0u);
}

TEST_F(MountLinkTest, AMountThatStaysIsNamedAfterTheTimeoutOfAStop) {
  const auto stays = Attach("/tmp/stays");
  const auto goes = Attach("/tmp/goes");
  Awaited<StopOutcome> outcome;
  pair_.mounts().Stop(kTimeout, [&outcome](StopOutcome o) { outcome.Set(o); });
  goes->stops.Await();
  goes->link.reset();
  for (size_t seen = 0; pair_.mounts().size() > 1; ++seen) changes_.Await(seen);
  timer_.Advance(kTimeout);
  const StopOutcome after = outcome.Await();
  EXPECT_EQ(after.mounts, 1u);
  EXPECT_THAT(after.failures, ElementsAre(HasSubstr("/tmp/stays")));
  stays->link.reset();  // too late; nobody waits for it
}

TEST_F(MountLinkTest, WithoutMountsAStopIsDoneAtOnce) {
  Awaited<StopOutcome> outcome;
  pair_.mounts().Stop(kTimeout, [&outcome](StopOutcome o) { outcome.Set(o); });
  EXPECT_EQ(outcome.Await().mounts, 0u);
}

TEST_F(MountLinkTest, WithoutMountsAnInvalidationIsDoneAtOnce) {
  const InvalidateOutcome outcome = Invalidate("a");
  EXPECT_EQ(outcome.mounts, 0u);
  EXPECT_THAT(outcome.failures, IsEmpty());
}

TEST_F(MountLinkTest, AMountThatNeverAnswersIsNamedAfterTheTimeout) {
  const auto good = Attach("/tmp/good");
  const auto silent = Attach("/tmp/silent", /*answers=*/false);
  Awaited<InvalidateOutcome> outcome;
  pair_.mounts().Invalidate({.path = Path()}, kTimeout,
                            [&outcome](InvalidateOutcome o) { outcome.Set(o); });
  // Its order behind another one of which the answer has come: the good mount has answered.
  good->forgotten.Await();
  silent->forgotten.Await();
  Awaited<std::vector<MountCounters>> counters;
  pair_.mounts().CollectStatistics(
      kTimeout, [&counters](std::vector<MountCounters> c) { counters.Set(std::move(c)); });
  EXPECT_EQ(counters.Await().size(), 2u);
  EXPECT_EQ(outcome.Count(), 0u);
  timer_.Advance(kTimeout);
  const InvalidateOutcome result = outcome.Await();
  EXPECT_EQ(result.mounts, 1u);
  EXPECT_THAT(result.failures, ElementsAre("mount /tmp/silent (pid 42): no answer in 10s"));
  // An answer that is too late is dropped.
  std::move(silent->unanswered.Await())();
  EXPECT_EQ(outcome.Count(), 1u);
}

TEST_F(MountLinkTest, AMountWithTooManyUnansweredOrdersFailsAtOnce) {
  const auto silent = Attach("/tmp/silent", /*answers=*/false);
  for (int i = 0; i < 4; ++i) {
    pair_.mounts().Invalidate({.path = Path()}, kTimeout, [](InvalidateOutcome) {});
  }
  const InvalidateOutcome outcome = Invalidate("a");
  EXPECT_EQ(outcome.mounts, 0u);
  ASSERT_EQ(outcome.failures.size(), 1u);
  EXPECT_THAT(outcome.failures[0], HasSubstr("orders_pending_max"));
  timer_.Advance(kTimeout);
}

TEST_F(MountLinkTest, AMountThatGoesAwayIsNotWaitedForAndNoFailure) {
  auto silent = Attach("/tmp/silent", /*answers=*/false);
  Awaited<InvalidateOutcome> outcome;
  pair_.mounts().Invalidate({.path = Path()}, kTimeout,
                            [&outcome](InvalidateOutcome o) { outcome.Set(o); });
  ForgetDone late = silent->unanswered.Await();
  silent->link.reset();
  const InvalidateOutcome result = outcome.Await();
  EXPECT_EQ(result.mounts, 0u);
  EXPECT_THAT(result.failures, IsEmpty());
  std::move(late)();  // after the link has gone: nothing happens
}

TEST_F(MountLinkTest, StatisticsComeFromEveryMount) {
  const auto first = Attach("/tmp/1");
  const auto second = Attach("/tmp/2");
  Awaited<std::vector<MountCounters>> collected;
  pair_.mounts().CollectStatistics(
      kTimeout, [&collected](std::vector<MountCounters> c) { collected.Set(std::move(c)); });
  const auto mounts = collected.Await();
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].mount_point, "/tmp/1");
  EXPECT_EQ(mounts[0].pid, 42);
  EXPECT_EQ(mounts[0].counters.at("LOOKUP"), 7u);
  EXPECT_EQ(mounts[1].counters.at("read_bytes"), 1ull << 40);
}

TEST_F(MountLinkTest, AfterARestartOfThePeerTheLinkIsBackAndTheClientForgetsAll) {
  const auto client = Attach("/tmp/m");
  pair_.StopServer();
  pair_.StartServer();
  EXPECT_TRUE(client->reconnected.Await());
  EXPECT_EQ(client->welcomes.Await(1).node, "nid001");
  EXPECT_EQ(Invalidate("x").mounts, 1u);
  pair_.StopServer();
  pair_.StartServer();
  EXPECT_TRUE(client->reconnected.Await(1));
}

TEST_F(MountLinkTest, ALinkThatIsStartedBeforeItsPeerWaitsForIt) {
  pair_.StopServer();
  Client client(pair_, *real_timer_, "/tmp/early");
  const auto welcome = client.link->WaitForWelcome(absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(welcome.status())) << welcome.status();
  pair_.StartServer();
  EXPECT_TRUE(client.link->WaitForWelcome(absl::Minutes(1)).ok());
  EXPECT_EQ(client.reconnected.Count(), 0u);
}

TEST_F(MountLinkTest, ALinkPausesLongerAndLongerWhileThePeerIsAway) {
  pair_.StopServer();
  FakeTimer timer;
  Client client(pair_, timer, "/tmp/m");
  for (const int pause_ms : {50, 100, 200, 400, 800, 1000, 1000}) {
    ASSERT_TRUE(timer.AwaitPending(1));
    EXPECT_EQ(timer.UntilNext(), absl::Milliseconds(pause_ms));
    timer.Advance(timer.UntilNext());
  }
  const absl::Status status = client.link->WaitForWelcome(absl::ZeroDuration()).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("did not welcome this mount in 0: "));
}

TEST_F(MountLinkTest, MoreMountsThanAllowedAreRefusedByName) {
  const auto first = Attach("/tmp/1");
  const auto second = Attach("/tmp/2");
  auto third = Attach("/tmp/3");
  FakeTimer timer;
  Client fourth(pair_, timer, "/tmp/4");
  ASSERT_TRUE(timer.AwaitPending(1));  // it was refused, and will try again
  EXPECT_THAT(std::string(fourth.link->WaitForWelcome(absl::ZeroDuration()).status().message()),
              HasSubstr("mounts_max"));
  EXPECT_EQ(pair_.mounts().size(), 3u);
  third.reset();
  while (!fourth.link->WaitForWelcome(absl::Milliseconds(10)).ok()) {
    timer.Advance(absl::Seconds(1));
  }
}

TEST_F(MountLinkTest, DestroyingALinkWhileItConnectsIsSafe) {
  for (int i = 0; i < 100; ++i) Client(pair_, *real_timer_, "/tmp/brief").link.reset();
}

TEST_F(MountLinkTest, InvalidationsDuringRestartsAllEnd) {
  const auto client = Attach("/tmp/m");
  size_t sent = 0;
  Awaited<InvalidateOutcome> outcomes;
  for (int restart = 0; restart < 5; ++restart) {
    for (int i = 0; i < 20; ++i, ++sent) {
      pair_.mounts().Invalidate({.path = Path()}, kTimeout,
                                [&outcomes](InvalidateOutcome o) { outcomes.Set(o); });
    }
    pair_.StopServer();
    EXPECT_TRUE(outcomes.Count() == sent);
    pair_.StartServer();
    client->reconnected.Await(static_cast<size_t>(restart));
  }
}

}  // namespace
}  // namespace coppice
