// The session as a whole: the handshake, orders to forget, the end.
#include "fuse_client/fuse_session.h"

#include <cerrno>
#include <future>
#include <thread>

#include "common/status.h"
#include "fuse_client/testing/session_fixture.h"
#include "gmock/gmock.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Path P(const std::string& text) { return Path::Parse(text).value(); }

class FuseSessionTest : public SessionFixture {
 protected:
  // Orders, and waits until the kernel was told.
  void Invalidate(const std::string& path, bool recursive) {
    std::promise<void> done;
    session_->Invalidate({.path = P(path), .recursive = recursive}, [&] { done.set_value(); });
    done.get_future().wait();
  }
};

TEST_F(FuseSessionTest, TheHandshakeAsksForWhatTheCachesNeed) {
  Start();
  for (const uint32_t flag :
       {FUSE_PARALLEL_DIROPS, FUSE_ASYNC_READ, FUSE_CACHE_SYMLINKS, FUSE_DO_READDIRPLUS,
        FUSE_READDIRPLUS_AUTO, FUSE_EXPLICIT_INVAL_DATA}) {
    EXPECT_NE(init_.flags & flag, 0u) << flag;
  }
  for (const uint32_t flag : {FUSE_AUTO_INVAL_DATA, FUSE_WRITEBACK_CACHE, FUSE_POSIX_LOCKS,
                              FUSE_FLOCK_LOCKS, FUSE_ATOMIC_O_TRUNC}) {
    EXPECT_EQ(init_.flags & flag, 0u) << flag;
  }
  EXPECT_EQ(init_.max_background, FileSystem::kMaxBackground);
  EXPECT_EQ(init_.congestion_threshold, FileSystem::kCongestionThreshold);
}

TEST_F(FuseSessionTest, AKernelThatCanLessIsServedToo) {
  source_.AddFile("f", "x");
  session_ =
      ServeFuse({.source = source_, .clock = clock_}, {.tick = false}, kernel_.TakeSessionEnd())
          .value();
  EXPECT_EQ(kernel_.Initialise(/*flags=*/FUSE_BIG_WRITES).flags & FUSE_CACHE_SYMLINKS, 0u);
  EXPECT_EQ(kernel_.Lookup(1, "f").error, 0);
}

// Notes that it was told before the kernel was.
class NotingLayer final : public Invalidatable {
 public:
  void Invalidate(const Invalidation& invalidation) override {
    told.push_back(invalidation.path.text());
  }
  std::vector<std::string> told;
};

TEST_F(FuseSessionTest, AnOrderReachesTheLayersAndThenTheKernel) {
  source_.AddDirectory("d");
  source_.AddFile("d/f", "x");
  NotingLayer layer;
  Start({}, {&layer});
  const std::string d = std::to_string(NodeOf("d")), f = std::to_string(NodeOf("d/f"));
  Invalidate("d/f", /*recursive=*/false);
  EXPECT_THAT(layer.told, ElementsAre("d/f"));
  EXPECT_THAT(Notifications(3), ElementsAre("expire " + d + "/f", "node " + f, "node " + d));
}

TEST_F(FuseSessionTest, ARecursiveOrderReachesAllBelowWithItsNegativeNames) {
  source_.AddDirectory("d");
  source_.AddFile("d/f", "x");
  source_.AddDirectory("other");
  Start();
  const std::string d = std::to_string(NodeOf("d")), f = std::to_string(NodeOf("d/f"));
  const uint64_t other = NodeOf("other");
  kernel_.Lookup(std::stoull(d), "watched");
  kernel_.Lookup(other, "elsewhere");
  source_.SetMissingHaveVersion(false);
  kernel_.Lookup(std::stoull(d), "unwatched");
  Invalidate("d", /*recursive=*/true);
  EXPECT_THAT(Notifications(7),
              ElementsAre("invalidate " + d + "/unwatched", "invalidate " + d + "/watched",
                          "expire 1/d", "node " + d, "node 1", "expire " + d + "/f", "node " + f));
}

TEST_F(FuseSessionTest, AnOrderAboutANameThatIsUnknownExpiresItInItsDirectory) {
  Start();
  Invalidate("new", /*recursive=*/false);
  EXPECT_THAT(Notifications(2), ElementsAre("expire 1/new", "node 1"));
}

TEST_F(FuseSessionTest, AnOrderForEverythingReachesEveryNode) {
  source_.AddDirectory("d");
  source_.AddFile("d/f", "x");
  Start();
  const std::string d = std::to_string(NodeOf("d")), f = std::to_string(NodeOf("d/f"));
  Invalidate("", /*recursive=*/true);
  EXPECT_THAT(Notifications(5),
              ElementsAre("node 1", "expire 1/d", "node " + d, "expire " + d + "/f", "node " + f));
}

TEST_F(FuseSessionTest, ShutdownWaitsForTheRequestsUnderWay) {
  source_.AddFile("f", "x");
  Start();
  source_.Hold();
  kernel_.SendLookup(1, "f");
  source_.WaitForHeld(1);
  std::promise<void> down;
  std::thread shutdown([&] {
    session_->Shutdown();
    down.set_value();
  });
  session_->WaitUntilEnded();
  auto future = down.get_future();
  EXPECT_EQ(future.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  source_.Release();
  future.wait();
  shutdown.join();
}

TEST_F(FuseSessionTest, AfterShutdownAnOrderIsDoneAtOnce) {
  Start();
  session_->Shutdown();
  session_->Shutdown();
  Invalidate("x", /*recursive=*/true);
}

TEST_F(FuseSessionTest, AnUnmountFromOutsideEndsTheLoopAndIsReported) {
  std::promise<void> ended;
  FuseSessionOptions options;
  options.on_ended = [&] { ended.set_value(); };
  Start(std::move(options));
  kernel_.Close();
  ended.get_future().wait();
  session_->WaitUntilEnded();
}

TEST(FuseSessionMountTest, WhatCannotBeMountedSaysWhy) {
  FakeSource source;
  FakeClock clock;
  const auto missing = MountFuse({.source = source, .clock = clock}, {}, "/none/such");
  EXPECT_EQ(StatusErrno(missing.status()), ENOENT);
}

}  // namespace
}  // namespace coppice
