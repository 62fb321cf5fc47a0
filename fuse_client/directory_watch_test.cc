#include "fuse_client/directory_watch.h"

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/fake_clock.h"
#include "common/status.h"
#include "fuse_client/testing/fake_kernel_cache.h"
#include "fuse_client/testing/fake_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

Path P(const std::string& text) { return Path::Parse(text).value(); }

class DirectoryWatchTest : public ::testing::Test {
 protected:
  DirectoryWatchTest() { Start({}); }

  void Start(DirectoryWatchOptions options) {
    watch_ = std::make_unique<DirectoryWatch>(source_, table_, kernel_, clock_, options);
  }
  // A directory that the kernel has looked up.
  uint64_t Know(const std::string& path) {
    source_.AddDirectory(path);
    return table_.AddLookup(P(path), source_.AttributesOf(path));
  }
  Version VersionOf(const std::string& path) { return source_.AttributesOf(path).version; }
  bool WatchName(uint64_t node, const std::string& path, const std::string& name) {
    return watch_->WatchName(node, P(path).Child(name).value(), VersionOf(path));
  }

  FakeSource source_;
  FakeClock clock_;
  InodeTable table_;
  FakeKernelCache kernel_;
  std::unique_ptr<DirectoryWatch> watch_;
};

TEST_F(DirectoryWatchTest, AnUnchangedDirectoryCostsOneRequestATickAndTellsNothing) {
  const uint64_t d = Know("d");
  EXPECT_TRUE(WatchName(d, "d", "x"));
  EXPECT_TRUE(WatchName(d, "d", "y"));
  watch_->Tick();
  EXPECT_THAT(source_.TakeRequests(), ElementsAre("attributes d"));
  EXPECT_EQ(source_.last_context().age_max, absl::Seconds(10));
  EXPECT_EQ(source_.last_context().deadline, clock_.Now() + absl::Seconds(60));
  EXPECT_THAT(kernel_.Take(), IsEmpty());
  EXPECT_EQ(watch_->directories(), 1u);
}

TEST_F(DirectoryWatchTest, AChangedDirectoryIsDroppedFromTheKernelAndNoLongerWatched) {
  const uint64_t d = Know("d");
  source_.AddFile("d/child", "x");
  table_.AddLookup(P("d/child"), source_.AttributesOf("d/child"));
  ASSERT_TRUE(WatchName(d, "d", "x"));
  source_.AddFile("d/x", "now there");
  watch_->Tick();
  const std::string node = std::to_string(d);
  EXPECT_THAT(kernel_.Take(), ElementsAre("invalidate " + node + "/x", "expire " + node + "/child",
                                          "node " + node));
  EXPECT_EQ(watch_->directories(), 0u);
  EXPECT_EQ(watch_->negative_names(), 0u);
}

TEST_F(DirectoryWatchTest, AListingThatWasOnItsWayIsDroppedOneTickLater) {
  const uint64_t d = Know("d");
  ASSERT_TRUE(watch_->WatchListing(d, P("d"), VersionOf("d")));
  source_.AddFile("d/x", "now there");
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), ElementsAre("node " + std::to_string(d)));
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), ElementsAre("node " + std::to_string(d)));
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), IsEmpty());
}

TEST_F(DirectoryWatchTest, ADirectoryThatIsGoneExpiresInItsParent) {
  const uint64_t d = Know("d");
  ASSERT_TRUE(watch_->WatchListing(d, P("d"), VersionOf("d")));
  source_.Remove("d");
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), ElementsAre("node " + std::to_string(d), "expire 1/d"));
}

TEST_F(DirectoryWatchTest, AnErrorKeepsTheWatch) {
  const uint64_t d = Know("d");
  ASSERT_TRUE(WatchName(d, "d", "x"));
  source_.FailWith(ErrnoStatus(EIO, "down"));
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), IsEmpty());
  source_.FailWith(absl::OkStatus());
  source_.AddFile("d/x", "");
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), SizeIs(2));
}

TEST_F(DirectoryWatchTest, TwoVersionsOfOneDirectoryAreAChange) {
  const uint64_t d = Know("d");
  const Version old = VersionOf("d");
  ASSERT_TRUE(WatchName(d, "d", "x"));
  source_.AddFile("d/y", "");
  ASSERT_TRUE(WatchName(d, "d", "z"));  // the same directory, in its new version
  EXPECT_NE(old, VersionOf("d"));
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), SizeIs(3));
  EXPECT_EQ(watch_->directories(), 0u);
}

TEST_F(DirectoryWatchTest, AnObservedOtherVersionIsAChange) {
  const uint64_t d = Know("d");
  ASSERT_TRUE(WatchName(d, "d", "x"));
  watch_->Observe(d, VersionOf("d"));
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), IsEmpty());
  watch_->Observe(d, Version{.id = 1});
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), SizeIs(2));
}

TEST_F(DirectoryWatchTest, AnIdleDirectoryIsDroppedAndNotAskedForAgain) {
  const uint64_t idle = Know("idle"), used = Know("used");
  ASSERT_TRUE(WatchName(idle, "idle", "x"));
  ASSERT_TRUE(WatchName(used, "used", "x"));
  for (uint64_t i = 0; i < DirectoryWatch::kIdleTicksMax; ++i) watch_->Tick();
  EXPECT_THAT(kernel_.Take(), IsEmpty());
  watch_->Touch(used);
  source_.TakeRequests();
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), ElementsAre("invalidate " + std::to_string(idle) + "/x",
                                          "node " + std::to_string(idle)));
  EXPECT_THAT(source_.TakeRequests(), ElementsAre("attributes used"));
}

TEST_F(DirectoryWatchTest, ANameWithoutAVersionOrARoomIsNotWatched) {
  Start({.negative_names_max = 1});
  const uint64_t d = Know("d");
  EXPECT_FALSE(watch_->WatchName(d, P("d/x"), Version()));
  EXPECT_TRUE(WatchName(d, "d", "x"));
  EXPECT_FALSE(WatchName(d, "d", "y"));
  EXPECT_EQ(watch_->negative_names(), 1u);
}

TEST_F(DirectoryWatchTest, BeyondTheLimitTheLeastRecentlyUsedDirectoryIsDropped) {
  Start({.directories_max = 2});
  const uint64_t a = Know("a"), b = Know("b"), c = Know("c");
  ASSERT_TRUE(watch_->WatchListing(a, P("a"), VersionOf("a")));
  ASSERT_TRUE(WatchName(b, "b", "x"));
  watch_->Touch(a);
  ASSERT_TRUE(watch_->WatchListing(c, P("c"), VersionOf("c")));
  EXPECT_EQ(watch_->directories(), 2u);
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(),
              ElementsAre("invalidate " + std::to_string(b) + "/x", "node " + std::to_string(b)));
  EXPECT_EQ(watch_->negative_names(), 0u);
}

TEST_F(DirectoryWatchTest, WhatCannotEvenBeDroppedLaterIsRefused) {
  Start({.directories_max = 1});
  const uint64_t a = Know("a"), b = Know("b"), c = Know("c");
  EXPECT_TRUE(WatchName(a, "a", "x"));
  EXPECT_TRUE(WatchName(b, "b", "x"));
  EXPECT_FALSE(watch_->WatchListing(c, P("c"), VersionOf("c")));
  watch_->Tick();
  EXPECT_TRUE(watch_->WatchListing(c, P("c"), VersionOf("c")));
}

TEST_F(DirectoryWatchTest, AWalkThroughMoreDirectoriesThanTheLimitBetweenTwoTicksIsNotRefused) {
  Start({.directories_max = 2});
  std::vector<std::string> told;
  for (int i = 0; i < 20; ++i) {
    const std::string path = "d" + std::to_string(i);
    const uint64_t node = Know(path);
    ASSERT_TRUE(watch_->WatchListing(node, P(path), VersionOf(path))) << path;
    if (i == 0) watch_->Drop(node);  // the kernel forgot it
    if (i > 0 && i < 18) told.push_back("node " + std::to_string(node));
  }
  EXPECT_EQ(watch_->directories(), 2u);
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), UnorderedElementsAreArray(told));
}

TEST_F(DirectoryWatchTest, AnOrderTakesTheNamesOfEvictedDirectoriesToo) {
  Start({.directories_max = 1});
  const uint64_t a = Know("a"), b = Know("b");
  ASSERT_TRUE(WatchName(a, "a", "x"));
  ASSERT_TRUE(WatchName(b, "b", "y"));
  EXPECT_THAT(watch_->TakeNames({.path = P("a")}), ElementsAre(std::pair(a, std::string("x"))));
  EXPECT_EQ(watch_->negative_names(), 1u);
  EXPECT_THAT(watch_->TakeNames({.path = P("a")}), IsEmpty());
  watch_->Tick();
  EXPECT_THAT(kernel_.Take(), ElementsAre("node " + std::to_string(a)));
}

TEST_F(DirectoryWatchTest, ADirectoryThatTheKernelForgotIsNotAskedFor) {
  const uint64_t d = Know("d");
  ASSERT_TRUE(WatchName(d, "d", "x"));
  watch_->Drop(d);
  watch_->Tick();
  EXPECT_THAT(source_.TakeRequests(), IsEmpty());
  EXPECT_EQ(watch_->negative_names(), 0u);
}

TEST_F(DirectoryWatchTest, AnOrderTakesTheNamesOfTheDirectoriesThatItCovers) {
  const uint64_t a = Know("a"), b = Know("a/b"), c = Know("c");
  ASSERT_TRUE(WatchName(a, "a", "x"));
  ASSERT_TRUE(WatchName(b, "a/b", "y"));
  ASSERT_TRUE(WatchName(c, "c", "z"));
  EXPECT_THAT(watch_->TakeNames({.path = P("a"), .recursive = true}),
              UnorderedElementsAre(std::pair(a, std::string("x")), std::pair(b, std::string("y"))));
  EXPECT_EQ(watch_->directories(), 1u);
  EXPECT_EQ(watch_->negative_names(), 1u);
}

TEST_F(DirectoryWatchTest, NoMoreThanTheGivenNumberOfRequestsIsUnderWay) {
  Start({.requests_max = 2});
  for (const char* path : {"a", "b", "c"}) {
    const uint64_t node = Know(path);
    ASSERT_TRUE(watch_->WatchListing(node, P(path), VersionOf(path)));
  }
  source_.Hold();
  std::thread tick([&] { watch_->Tick(); });
  source_.WaitForHeld(2);
  EXPECT_THAT(source_.TakeRequests(), SizeIs(2));
  source_.Release();
  tick.join();
  EXPECT_THAT(source_.TakeRequests(), SizeIs(1));
}

TEST_F(DirectoryWatchTest, StopReleasesATickThatWaitsForAnswers) {
  const uint64_t d = Know("d");
  ASSERT_TRUE(WatchName(d, "d", "x"));
  source_.Hold();
  std::thread tick([&] { watch_->Tick(); });
  source_.WaitForHeld(1);
  watch_->Stop();
  tick.join();
  source_.Release();
  watch_->Tick();
  EXPECT_THAT(source_.TakeRequests(), SizeIs(1));
}

}  // namespace
}  // namespace coppice
