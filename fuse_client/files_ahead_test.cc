#include "fuse_client/files_ahead.h"

#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "fuse_client/testing/fake_kernel_cache.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/small_file.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr size_t kFiles = 100;

class FilesAheadTest : public testing::Test {
 protected:
  FilesAheadTest() {
    for (size_t i = 0; i < kFiles; ++i) {
      source_.AddFile(absl::StrCat("d/f", i), absl::StrCat("bytes of f", i));
    }
    List();
  }
  ~FilesAheadTest() override { notifier_.Stop(); }

  static Path At(const std::string& text) { return Path::Parse(text).value(); }

  // The kernel learns all names, as by READDIRPLUS.
  void List() {
    listing_ = AwaitListing(source_, At("d")).value();
    for (const Dentry& entry : listing_->entries) {
      nodes_[entry.name] = table_.AddLookup(At("d/" + entry.name), *entry.attributes);
    }
    source_.ForgetCalls();
  }

  const std::string& NameAt(size_t place) const { return listing_->entries[place].name; }

  // The kernel reads the file in this place of the listing.
  void Read(size_t place) { ahead_.WasRead(*table_.Find(nodes_.at(NameAt(place)))); }

  // What was given since the last call, when all that was begun is done.
  std::vector<std::string> Given() {
    std::promise<void> done;
    KernelCacheNotifier::Task task = [&done](KernelCache&) { done.set_value(); };
    EXPECT_TRUE(notifier_.Post(task));
    done.get_future().wait();
    return kernel_.Take();
  }
  // That all of these places were given.
  std::vector<std::string> Places(size_t first, size_t end) const {
    std::vector<std::string> stored;
    for (size_t i = first; i < end; ++i) {
      stored.push_back(absl::StrCat("store ", nodes_.at(NameAt(i)), " bytes of ", NameAt(i)));
    }
    return stored;
  }

  FakeClock clock_;
  MemorySource source_{clock_};
  InodeTable table_;
  FakeKernelCache kernel_;
  KernelCacheNotifier notifier_{kernel_};
  FilesAhead ahead_{source_, table_, notifier_};
  ListingRef listing_;
  std::map<std::string, uint64_t> nodes_;
};

TEST_F(FilesAheadTest, WhoReadsTwoFilesInOrderIsGivenTheNext) {
  Read(10);
  EXPECT_THAT(Given(), IsEmpty());
  Read(11);
  EXPECT_THAT(Given(), ElementsAreArray(Places(12, 12 + kFilesAheadMin)));
  EXPECT_EQ(ahead_.given(), kFilesAheadMin);
}

TEST_F(FilesAheadTest, NothingIsFetchedForIt) {
  Read(0);
  Read(1);
  Given();
  for (const MemorySource::Call& call : source_.Calls()) EXPECT_TRUE(call.context.cached_only);
  EXPECT_EQ(source_.CallCount(Kind::kBlock), kFilesAheadMin);
}

TEST_F(FilesAheadTest, WhoReadsInAnotherOrderIsGivenNothing) {
  for (const size_t place : {5, 3, 8, 7, 0, 50}) Read(place);
  Read(50);  // again
  EXPECT_THAT(Given(), IsEmpty());
}

TEST_F(FilesAheadTest, WhoGoesOnBehindWhatWasGivenIsGivenTwiceAsMuch) {
  Read(0);
  Read(1);
  EXPECT_THAT(Given(), ElementsAreArray(Places(2, 10)));
  Read(10);
  EXPECT_THAT(Given(), ElementsAreArray(Places(11, 27)));
  Read(27);
  EXPECT_THAT(Given(), ElementsAreArray(Places(28, 60)));
  // From the beginning, and with little again.
  Read(5);
  Read(6);
  EXPECT_THAT(Given(), ElementsAreArray(Places(7, 15)));
}

TEST_F(FilesAheadTest, ItEndsWithTheFirstFileThatIsNotAtHand) {
  source_.FailNext(Kind::kBlock, absl::StrCat("d/", NameAt(4)),
                   absl::NotFoundError("not in shared memory"));
  Read(0);
  Read(1);
  EXPECT_THAT(Given(), ElementsAreArray(Places(2, 4)));
  // Which the kernel then reads itself.
  Read(4);
  EXPECT_THAT(Given(), ElementsAreArray(Places(5, 21)));
}

TEST_F(FilesAheadTest, AnAnswerThatComesLaterIsNotWaitedFor) {
  source_.Hold(Kind::kBlock);
  Read(0);
  Read(1);
  EXPECT_THAT(Given(), IsEmpty());
  source_.Release(Kind::kBlock);
  EXPECT_THAT(Given(), IsEmpty());
}

TEST_F(FilesAheadTest, ItEndsWithTheLastFileOfTheDirectory) {
  Read(kFiles - 4);
  Read(kFiles - 3);
  EXPECT_THAT(Given(), ElementsAreArray(Places(kFiles - 2, kFiles)));
}

TEST_F(FilesAheadTest, AFileOfWhichTheKernelKnowsAnotherVersionIsNotGiven) {
  // The listing is then new, the kernel's node is old.
  source_.Overwrite(absl::StrCat("d/", NameAt(3)), "new bytes");
  Read(0);
  Read(1);
  EXPECT_THAT(Given(), ElementsAreArray(Places(2, 3)));
}

TEST_F(FilesAheadTest, AFileThatTheKernelForgotIsNotGiven) {
  table_.Forget(nodes_.at(NameAt(3)), 1);
  Read(0);
  Read(1);
  EXPECT_THAT(Given(), ElementsAreArray(Places(2, 3)));
}

TEST_F(FilesAheadTest, WhatIsNoSmallFileIsPassedOver) {
  source_.Remove(absl::StrCat("d/", NameAt(1)));
  source_.AddGeneratedFile(absl::StrCat("d/", NameAt(1)), kSmallFileBytes + 1);
  source_.Overwrite(absl::StrCat("d/", NameAt(4)), "");
  List();
  Read(0);
  Read(1);  // large: as if nobody had
  EXPECT_THAT(Given(), IsEmpty());
  Read(2);
  std::vector<std::string> expected = Places(3, 4);
  for (const std::string& stored : Places(5, 4 + kFilesAheadMin)) expected.push_back(stored);
  EXPECT_THAT(Given(), ElementsAreArray(expected));
}

TEST_F(FilesAheadTest, WithoutAListingNothingIsGiven) {
  source_.FailNext(Kind::kListing, absl::NotFoundError("not in the cache"), 2);
  Read(0);
  Read(1);
  EXPECT_THAT(Given(), IsEmpty());
}

TEST_F(FilesAheadTest, WhenTheThreadHasTooMuchToDoNothingIsGiven) {
  KernelCacheNotifier full(kernel_, 0);
  FilesAhead ahead(source_, table_, full);
  for (size_t i = 0; i < 4; ++i) ahead.WasRead(*table_.Find(nodes_.at(NameAt(i))));
  full.Stop();
  EXPECT_EQ(ahead.given(), 0u);
}

}  // namespace
}  // namespace coppice
