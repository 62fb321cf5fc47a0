#include "source/testing/memory_source.h"

#include <sys/stat.h>

#include <cerrno>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/crc32c.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/await.h"
#include "source/testing/fixture_tree.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(MemorySource, SourceConformanceTest,
                         testing::Values([](const std::vector<FixtureEntry>& tree) {
                           static const RealClock clock;
                           auto memory = std::make_shared<MemorySource>(clock);
                           AddToMemory(tree, *memory);
                           return memory;
                         }));

Path MakePath(absl::string_view text) { return Path::Parse(text).value(); }

class MemorySourceTest : public testing::Test {
 protected:
  FakeClock clock_;
  MemorySource source_{clock_, /*entries_max=*/8};
};

TEST_F(MemorySourceTest, AChangedFileHasANewVersionAndItsDirectoryHasNot) {
  source_.AddFile("d/f", "old");
  const Attributes file = source_.AttributesOf("d/f");
  const Attributes directory = source_.AttributesOf("d");
  source_.Overwrite("d/f", "new");
  EXPECT_NE(source_.AttributesOf("d/f").version.id, file.version.id);
  EXPECT_EQ(source_.AttributesOf("d/f").inode, file.inode);
  EXPECT_EQ(source_.AttributesOf("d").version, directory.version);
}

TEST_F(MemorySourceTest, ANameThatComesGoesOrIsReplacedGivesItsDirectoryANewVersion) {
  source_.AddFile("d/f", "old");
  const Attributes root = source_.AttributesOf("");
  std::set<uint64_t> versions = {source_.AttributesOf("d").version.id};
  source_.AddFile("d/g", "");
  EXPECT_TRUE(versions.insert(source_.AttributesOf("d").version.id).second);
  const uint64_t inode = source_.AttributesOf("d/f").inode;
  source_.Replace("d/f", "new");
  EXPECT_NE(source_.AttributesOf("d/f").inode, inode);
  EXPECT_TRUE(versions.insert(source_.AttributesOf("d").version.id).second);
  source_.Remove("d/g");
  EXPECT_TRUE(versions.insert(source_.AttributesOf("d").version.id).second);
  EXPECT_EQ(source_.AttributesOf("").version, root.version);
}

TEST_F(MemorySourceTest, ARemovedDirectoryIsGoneWithAllBelow) {
  source_.AddFile("d/e/f", "");
  source_.AddFile("d-beside", "");
  source_.Remove("d");
  EXPECT_FALSE(AwaitAttributes(source_, MakePath("d/e/f"))->attributes.has_value());
  EXPECT_TRUE(AwaitAttributes(source_, MakePath("d-beside"))->attributes.has_value());
}

TEST_F(MemorySourceTest, HeldAnswersAreOfTheTimeOfTheCall) {
  source_.AddFile("f", "old");
  source_.Hold(Kind::kAttributes);
  Answer<PathState> held;
  source_.GetAttributes(MakePath("f"), {}, held.MakeDone());
  EXPECT_FALSE(held.IsReady());
  source_.AwaitHeld(Kind::kAttributes, 1);
  source_.Remove("f");
  clock_.Advance(absl::Seconds(5));
  source_.Release(Kind::kAttributes);
  ASSERT_TRUE(held.IsReady());
  EXPECT_TRUE(held.Await()->attributes.has_value());
  EXPECT_EQ(held.Await()->confirmed_at, clock_.Now() - absl::Seconds(5));
  EXPECT_FALSE(AwaitAttributes(source_, MakePath("f"))->attributes.has_value());
}

TEST_F(MemorySourceTest, HoldingIsByKindAndReleaseOneTakesTheOldest) {
  source_.AddFile("f", "bytes");
  source_.Hold(Kind::kBlock);
  Answer<BlockRef> first, second;
  source_.ReadBlock(source_.KeyOf("f", 0), {}, first.MakeDone());
  source_.ReadBlock(source_.KeyOf("f", 0), {}, second.MakeDone());
  EXPECT_TRUE(AwaitAttributes(source_, MakePath("f")).ok());
  EXPECT_EQ(source_.HeldCount(Kind::kBlock), 2u);
  source_.ReleaseOne(Kind::kBlock);
  EXPECT_TRUE(first.IsReady());
  EXPECT_FALSE(second.IsReady());
  source_.Release(Kind::kBlock);
  EXPECT_TRUE(second.IsReady());
}

TEST_F(MemorySourceTest, InjectedErrorsQueueUpPathFirst) {
  source_.AddFile("f", "");
  source_.FailNext(Kind::kAttributes, ErrnoStatus(EIO, "any"), 2);
  source_.FailNext(Kind::kAttributes, "f", ErrnoStatus(EACCES, "f"));
  const auto error = [this] {
    return StatusErrno(AwaitAttributes(source_, MakePath("f")).status());
  };
  EXPECT_EQ(error(), EACCES);
  EXPECT_EQ(error(), EIO);
  EXPECT_EQ(error(), EIO);
  EXPECT_EQ(error(), 0);
}

TEST_F(MemorySourceTest, ACorruptBlockHasTheChecksumOfTheRightBytes) {
  source_.AddFile("f", "bytes");
  source_.CorruptNextBlock("f");
  const BlockRef broken = AwaitBlock(source_, source_.KeyOf("f", 0)).value();
  EXPECT_NE(broken->crc32c(), Crc32c(broken->bytes()));
  EXPECT_EQ(broken->crc32c(), AwaitBlock(source_, source_.KeyOf("f", 0)).value()->crc32c());
}

TEST_F(MemorySourceTest, AGeneratedFileMayBeLargerThanMemory) {
  constexpr uint64_t kSize = (uint64_t{1} << 50) + 10;
  source_.AddGeneratedFile("huge", kSize);
  const BlockRef last = AwaitBlock(source_, source_.KeyOf("huge", kSize / kBlockBytes)).value();
  ASSERT_EQ(last->size(), 10u);
  EXPECT_EQ(last->bytes()[9], MemorySource::GeneratedByte(kSize - 1));
}

TEST_F(MemorySourceTest, AHiddenNameIsListedWithoutAttributesAndCannotBeAskedFor) {
  source_.AddFile("d/f", "");
  source_.HideAttributes("d/f", ErrnoStatus(EACCES, "hidden"));
  const ListingRef listing = AwaitListing(source_, MakePath("d")).value();
  ASSERT_NE(listing->Find("f"), nullptr);
  EXPECT_FALSE(listing->Find("f")->attributes.has_value());
  EXPECT_EQ(StatusErrno(AwaitAttributes(source_, MakePath("d/f")).status()), EACCES);
}

TEST_F(MemorySourceTest, ADirectoryAboveTheLimitIsReadInPages) {
  for (int i = 0; i < 9; ++i) source_.AddFile(absl::StrCat("d/", i), "");
  const ListingRef whole = AwaitListing(source_, MakePath("d")).value();
  EXPECT_EQ(whole->bits_needed, 1u);
  EXPECT_TRUE(whole->entries.empty());
  EXPECT_FALSE(whole->IsComplete());
  size_t count = 0;
  for (uint64_t index = 0; index < 2; ++index) {
    count +=
        AwaitListing(source_, MakePath("d"), {.bits = 1, .index = index}).value()->entries.size();
  }
  EXPECT_EQ(count, 9u);
}

TEST_F(MemorySourceTest, EachCallIsRecordedByKindAndKey) {
  source_.AddFile("d/f", "bytes");
  (void)AwaitAttributes(source_, MakePath("d/f"), {.speculative = true});
  (void)AwaitListing(source_, MakePath("d"));
  (void)AwaitBlock(source_, source_.KeyOf("d/f", 0));
  (void)AwaitBlock(source_, source_.KeyOf("d/f", 7));
  (void)AwaitFileSystemStatistics(source_, Path());
  EXPECT_EQ(source_.CallCount(Kind::kAttributes), 1u);
  EXPECT_EQ(source_.CallCount(Kind::kAttributes, "d"), 0u);
  EXPECT_EQ(source_.CallCount(Kind::kListing, "d"), 1u);
  EXPECT_EQ(source_.CallCount(Kind::kBlock, "d/f"), 2u);
  EXPECT_EQ(source_.BlockCallCount("d/f", 7), 1u);
  EXPECT_EQ(source_.CallCount(Kind::kStatistics), 1u);
  EXPECT_TRUE(source_.Calls().front().context.speculative);
  source_.ForgetCalls();
  EXPECT_TRUE(source_.Calls().empty());
}

}  // namespace
}  // namespace coppice
