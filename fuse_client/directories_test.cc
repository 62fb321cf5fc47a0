// READDIR and READDIRPLUS.
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "common/status.h"
#include "fuse_client/attribute_encoding.h"
#include "fuse_client/testing/session_fixture.h"
#include "gmock/gmock.h"

namespace coppice {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr uint32_t kBuffer = 4096;

class DirectoriesTest : public SessionFixture {
 protected:
  std::vector<FakeKernel::Name> List(uint64_t node, uint64_t offset, bool plus,
                                     uint32_t size = kBuffer) {
    const FakeKernel::Answer answer = kernel_.Wait(kernel_.SendDirectory(node, offset, size, plus));
    EXPECT_EQ(answer.error, 0);
    EXPECT_LE(answer.data.size(), size);
    return FakeKernel::ParseNames(answer, plus);
  }
  // As readdir(3) does: buffer after buffer until an empty one.
  std::vector<FakeKernel::Name> ListAll(uint64_t node, bool plus, uint32_t size) {
    std::vector<FakeKernel::Name> all;
    for (uint64_t offset = 0;;) {
      const std::vector<FakeKernel::Name> names = List(node, offset, plus, size);
      if (names.empty()) return all;
      all.insert(all.end(), names.begin(), names.end());
      offset = names.back().offset;
    }
  }
  static std::vector<std::string> Texts(const std::vector<FakeKernel::Name>& names) {
    std::vector<std::string> texts;
    for (const FakeKernel::Name& name : names) texts.push_back(name.name);
    return texts;
  }
};

TEST_F(DirectoriesTest, NamesComeWithTheirTypesAndTheInodesThatStatShows) {
  source_.AddDirectory("d");
  source_.AddFile("d/file", "x");
  source_.AddDirectory("d/directory");
  source_.AddLink("d/link", "file");
  Start();
  kernel_.Getattr(kRootNode);
  const uint64_t d = NodeOf("d");
  for (const bool plus : {false, true}) {
    const std::vector<FakeKernel::Name> names = List(d, 0, plus);
    EXPECT_EQ(names[0].name, ".");
    EXPECT_EQ(names[0].inode, source_.AttributesOf("d").inode);
    EXPECT_EQ(names[1].name, "..");
    EXPECT_EQ(names[1].inode, source_.AttributesOf("").inode);
    EXPECT_THAT(Texts(names), UnorderedElementsAre(".", "..", "file", "directory", "link"));
    const std::map<std::string, uint32_t> types = {
        {".", DT_DIR}, {"..", DT_DIR}, {"file", DT_REG}, {"directory", DT_DIR}, {"link", DT_LNK}};
    for (const FakeKernel::Name& name : names) {
      EXPECT_EQ(name.type, types.at(name.name)) << name.name;
      if (name.name[0] == '.') continue;
      EXPECT_EQ(name.inode, EntryOf(kernel_.Lookup(d, name.name)).attr.ino) << name.name;
    }
  }
}

TEST_F(DirectoriesTest, PlusLooksUpEachEntryThatItGives) {
  source_.AddFile("a", "one");
  source_.AddFile("b", "three");
  Start();
  const std::vector<FakeKernel::Name> names = List(kRootNode, 0, /*plus=*/true);
  for (const FakeKernel::Name& name : names) {
    if (name.name[0] == '.') {
      EXPECT_EQ(name.entry.nodeid, 0u);
      continue;
    }
    EXPECT_EQ(name.entry.entry_valid, kForeverSeconds);
    EXPECT_EQ(name.entry.attr.size, source_.AttributesOf(name.name).size);
    EXPECT_EQ(NodeOf(name.name), name.entry.nodeid);
    // Two lookups are counted: of the listing, and of NodeOf.
    kernel_.Forget(name.entry.nodeid, 1);
    EXPECT_EQ(kernel_.Getattr(name.entry.nodeid).error, 0);
    kernel_.Forget(name.entry.nodeid, 1);
    while (kernel_.Getattr(name.entry.nodeid).error == 0) {
    }
  }
}

TEST_F(DirectoriesTest, AnEntryWithoutAttributesIsLeftForALookup) {
  source_.AddFile("hidden", "x");
  source_.HideAttributes("hidden");
  Start();
  kernel_.Getattr(kRootNode);
  for (const bool plus : {false, true}) {
    const std::vector<FakeKernel::Name> names = List(kRootNode, 0, plus);
    EXPECT_EQ(names.back().name, "hidden");
    EXPECT_EQ(names.back().entry.nodeid, 0u);
    EXPECT_EQ(names.back().inode, source_.AttributesOf("hidden").inode);
    EXPECT_EQ(names.back().type, DT_REG);
  }
}

TEST_F(DirectoriesTest, ManySmallBuffersGiveEachNameOnce) {
  std::set<std::string> expected = {".", ".."};
  for (int i = 0; i < 200; ++i) {
    const std::string name = "file-" + std::to_string(i);
    source_.AddFile(name, "x");
    expected.insert(name);
  }
  Start();
  for (const bool plus : {false, true}) {
    const std::vector<std::string> texts = Texts(ListAll(kRootNode, plus, /*size=*/500));
    EXPECT_EQ(texts.size(), expected.size());
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()), expected);
  }
}

TEST_F(DirectoriesTest, ADirectoryInPagesGivesEachNameOnce) {
  std::set<std::string> expected = {".", ".."};
  for (int i = 0; i < 200; ++i) {
    const std::string name = "file-" + std::to_string(i);
    source_.AddFile(name, "x");
    expected.insert(name);
  }
  // 64 pages, some of them empty.
  source_.SetPaging(/*entries_max=*/10, /*bits=*/6);
  Start();
  for (const uint32_t size : {500u, 100'000u}) {
    const std::vector<std::string> texts = Texts(ListAll(kRootNode, /*plus=*/true, size));
    EXPECT_EQ(texts.size(), expected.size());
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()), expected);
  }
}

TEST_F(DirectoriesTest, ANameThatGoesAwayBetweenTwoBuffersMakesNoOtherSkip) {
  std::set<std::string> stay;
  for (int i = 0; i < 50; ++i) source_.AddFile("file-" + std::to_string(i), "x");
  Start();
  const std::vector<FakeKernel::Name> first = List(kRootNode, 0, /*plus=*/false, /*size=*/300);
  source_.Remove(first.back().name);
  std::set<std::string> seen;
  for (const FakeKernel::Name& name : first) seen.insert(name.name);
  for (uint64_t offset = first.back().offset;;) {
    const auto names = List(kRootNode, offset, /*plus=*/false, 300);
    if (names.empty()) break;
    for (const FakeKernel::Name& name : names) EXPECT_TRUE(seen.insert(name.name).second);
    offset = names.back().offset;
  }
  EXPECT_EQ(seen.size(), 52u);
}

TEST_F(DirectoriesTest, ABufferTooSmallForOneNameIsAnErrorNotAnEnd) {
  source_.AddFile("a-name-that-is-rather-long", "x");
  Start();
  const std::vector<FakeKernel::Name> dots = List(kRootNode, 0, /*plus=*/false, 64);
  EXPECT_THAT(Texts(dots), ElementsAre(".", ".."));
  EXPECT_EQ(kernel_.Wait(kernel_.SendDirectory(1, dots.back().offset, 40, false)).error, EINVAL);
}

TEST_F(DirectoriesTest, AnEmptyDirectoryHasItsDotsAndEnds) {
  source_.AddDirectory("d");
  Start();
  EXPECT_THAT(Texts(ListAll(NodeOf("d"), /*plus=*/true, kBuffer)), ElementsAre(".", ".."));
}

TEST_F(DirectoriesTest, ErrorsKeepTheirErrno) {
  source_.AddFile("f", "x");
  Start();
  const uint64_t f = NodeOf("f");
  EXPECT_EQ(kernel_.Wait(kernel_.SendDirectory(f, 0, kBuffer, true)).error, ENOTDIR);
  EXPECT_EQ(kernel_.Wait(kernel_.SendDirectory(12345, 0, kBuffer, true)).error, ESTALE);
  source_.FailWith(ErrnoStatus(EACCES, "d"));
  EXPECT_EQ(kernel_.Wait(kernel_.SendDirectory(1, 0, kBuffer, true)).error, EACCES);
}

TEST_F(DirectoriesTest, AnotherDirectoryUnderTheSameNameIsStale) {
  source_.AddDirectory("d");
  Start();
  const uint64_t d = NodeOf("d");
  source_.AddDirectory("d");
  EXPECT_EQ(kernel_.Wait(kernel_.SendDirectory(d, 0, kBuffer, true)).error, ESTALE);
  EXPECT_THAT(Notifications(1), ElementsAre("expire 1/d"));
}

TEST_F(DirectoriesTest, AListedDirectoryIsWatched) {
  source_.AddDirectory("d");
  source_.AddFile("d/a", "x");
  Start();
  const uint64_t d = NodeOf("d");
  List(d, 0, /*plus=*/true);
  source_.AddFile("d/b", "x");
  session_->Tick();
  EXPECT_THAT(Notifications(2),
              ElementsAre("expire " + std::to_string(d) + "/a", "node " + std::to_string(d)));
}

TEST_F(DirectoriesTest, AListingThatAnOrderToForgetOvertookIsDroppedAfterIt) {
  source_.AddFile("a", "x");
  Start();
  source_.Hold();
  const uint64_t request = kernel_.SendDirectory(1, 0, kBuffer, true);
  source_.WaitForHeld(1);
  session_->Invalidate({.path = Path()}, [] {});
  EXPECT_THAT(Notifications(1), ElementsAre("node 1"));
  source_.Release();
  for (const FakeKernel::Name& name : FakeKernel::ParseNames(kernel_.Wait(request), true)) {
    EXPECT_EQ(name.entry.entry_valid, 0u);
  }
  EXPECT_THAT(Notifications(1), ElementsAre("node 1"));
}

// Gives a directory whose first two names have equal cookies, by giving one name twice: no two
// names with equal hashes are known, and what counts for the reader is the cookie.
class EqualCookies final : public Source {
 public:
  EqualCookies() {
    auto listing = std::make_shared<Listing>();
    listing->directory = {.mode = S_IFDIR | 0755, .device = 1, .inode = 5};
    for (const char* name : {"a", "b", "c"}) {
      for (uint64_t inode : {10, 11}) {
        if (inode == 11 && std::string(name) != "b") continue;
        listing->entries.push_back({.name = name, .type = S_IFREG, .inode = inode});
      }
    }
    SortEntries(listing->entries);
    listing_ = listing;
  }
  void GetAttributes(const Path&, const RequestContext&, Done<PathState> done) override {
    std::move(done)(PathState{.attributes = listing_->directory});
  }
  void ReadDirectory(const Path&, const DirectoryPage&, const RequestContext&,
                     Done<ListingRef> done) override {
    std::move(done)(listing_);
  }
  void ReadBlock(const BlockKey&, const RequestContext&, Done<BlockRef> done) override {
    std::move(done)(ErrnoStatus(EIO, "none"));
  }
  void FindExtent(const Path&, const Version&, uint64_t, ExtentKind, const RequestContext&,
                  Done<uint64_t> done) override {
    std::move(done)(ErrnoStatus(EIO, "none"));
  }
  void GetFileSystemStatistics(const Path&, const RequestContext&,
                               Done<FileSystemStatistics> done) override {
    std::move(done)(ErrnoStatus(EIO, "none"));
  }

 private:
  ListingRef listing_;
};

TEST(DirectoriesOfEqualCookiesTest, NoBufferEndsBetweenEntriesOfEqualCookie) {
  EqualCookies source;
  FakeClock clock;
  FakeKernel kernel;
  const auto session =
      ServeFuse({.source = source, .clock = clock}, {.tick = false}, kernel.TakeSessionEnd())
          .value();
  kernel.Initialise();
  const size_t entry_bytes = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + 1);
  for (size_t entries = 2; entries <= 6; ++entries) {
    std::vector<std::string> all;
    for (uint64_t offset = 0;;) {
      const auto answer =
          kernel.Wait(kernel.SendDirectory(1, offset, entries * entry_bytes, false));
      ASSERT_EQ(answer.error, 0);
      const auto names = FakeKernel::ParseNames(answer, false);
      if (names.empty()) break;
      for (const auto& name : names) all.push_back(name.name);
      offset = names.back().offset;
    }
    EXPECT_THAT(all, UnorderedElementsAre(".", "..", "a", "b", "b", "c")) << entries;
  }
  // The pair does not fit alone: an error, never an end.
  bool refused = false;
  for (uint64_t offset = 2;;) {
    const auto answer = kernel.Wait(kernel.SendDirectory(1, offset, entry_bytes, false));
    refused = answer.error == EINVAL;
    if (refused || answer.data.empty()) break;
    offset = FakeKernel::ParseNames(answer, false).back().offset;
  }
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace coppice
