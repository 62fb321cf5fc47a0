#include "fuse_client/symlink_rewriting_source.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "common/status.h"
#include "fuse_client/testing/fake_source.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

// The target that a link shows through a mount of `export_root` at /tmp/u/coppice.
std::string Shown(const std::string& export_root, const std::string& target) {
  FakeSource base;
  base.AddLink("link", target);
  base.HaveAllAtHand();
  const auto source = MakeSymlinkRewritingSource(
      base, {.export_root = export_root, .mount_point = "/tmp/u/coppice"});
  std::string shown;
  source->GetAttributes(Path::Parse("link").value(), {}, [&](absl::StatusOr<PathState> state) {
    shown = state->attributes->link_target;
    EXPECT_EQ(state->attributes->size, shown.size());
  });
  const auto at_hand = source->FindAttributes(Path(), "link", absl::InfiniteDuration());
  EXPECT_EQ(at_hand->attributes->link_target, shown);
  EXPECT_EQ(at_hand->attributes->size, shown.size());
  source->ReadDirectory(Path(), {}, {}, [&](absl::StatusOr<ListingRef> listing) {
    EXPECT_EQ((*listing)->Find("link")->attributes->link_target, shown);
    EXPECT_EQ((*listing)->Find("link")->attributes->size, shown.size());
  });
  return shown;
}

TEST(SymlinkRewritingSourceTest, AbsoluteTargetsInsideTheExportRootComeUnderTheMount) {
  EXPECT_EQ(Shown("/", "/lus/env"), "/tmp/u/coppice/lus/env");
  EXPECT_EQ(Shown("/", "/"), "/tmp/u/coppice/");
  EXPECT_EQ(Shown("/lus", "/lus/env/lib"), "/tmp/u/coppice/env/lib");
  EXPECT_EQ(Shown("/lus", "/lus"), "/tmp/u/coppice");
  EXPECT_EQ(Shown("/lus", "//lus/./env/"), "/tmp/u/coppice/env/");
}

TEST(SymlinkRewritingSourceTest, AllOtherTargetsStayAsTheyAre) {
  EXPECT_EQ(Shown("/", "../relative"), "../relative");
  EXPECT_EQ(Shown("/lus", "/lustre/x"), "/lustre/x");
  EXPECT_EQ(Shown("/lus", "/etc/passwd"), "/etc/passwd");
  EXPECT_EQ(Shown("/lus/a", "/lus"), "/lus");
  EXPECT_EQ(Shown("/lus", "/lus/a/../../etc"), "/lus/a/../../etc");
  const std::string long_target = "/" + std::string(Path::kPathBytesMax - 3, 'x');
  EXPECT_EQ(Shown("/", long_target), long_target);
}

TEST(SymlinkRewritingSourceTest, ATargetUnderTheMountIsNotPrefixedTwice) {
  EXPECT_EQ(Shown("/", "/tmp/u/coppice/lus"), "/tmp/u/coppice/lus");
  EXPECT_EQ(Shown("/", "/tmp/u/coppice"), "/tmp/u/coppice");
  EXPECT_EQ(Shown("/", "/tmp/u/coppice2"), "/tmp/u/coppice/tmp/u/coppice2");
}

TEST(SymlinkRewritingSourceTest, DotDotInsideTheExportRootIsKept) {
  EXPECT_EQ(Shown("/lus", "/lus/a/../b"), "/tmp/u/coppice/a/../b");
}

// Gives one and the same listing for every directory.
class OneListing final : public Source {
 public:
  explicit OneListing(ListingRef listing) : listing_(std::move(listing)) {}
  void GetAttributes(const Path&, const RequestContext&, Done<PathState>) override {}
  void ReadDirectory(const Path&, const DirectoryPage&, const RequestContext&,
                     Done<ListingRef> done) override {
    std::move(done)(listing_);
  }
  ListingRef FindListing(const Path&) override { return listing_; }
  void ReadBlock(const BlockKey&, const RequestContext&, Done<BlockRef>) override {}
  void FindExtent(const Path&, const Version&, uint64_t, ExtentKind, const RequestContext&,
                  Done<uint64_t>) override {}
  void GetFileSystemStatistics(const Path&, const RequestContext&,
                               Done<FileSystemStatistics>) override {}

 private:
  const ListingRef listing_;
};

TEST(SymlinkRewritingSourceTest, AListingIsCopiedOnlyWhenALinkInItChanges) {
  for (const char* target : {"relative", "/absolute"}) {
    auto listing = std::make_shared<Listing>();
    listing->entries.push_back(
        {.name = "l", .attributes = Attributes{.mode = S_IFLNK | 0777, .link_target = target}});
    OneListing base(listing);
    const auto source =
        MakeSymlinkRewritingSource(base, {.export_root = "/", .mount_point = "/tmp/m"});
    source->ReadDirectory(Path(), {}, {}, [&](absl::StatusOr<ListingRef> answer) {
      EXPECT_EQ(*answer == listing, target[0] != '/');
    });
    EXPECT_EQ(source->FindListing(Path()) == listing, target[0] != '/');
    EXPECT_EQ(listing->entries[0].attributes->link_target, target);
  }
}

TEST(SymlinkRewritingSourceTest, WhatIsNotAtHandBelowIsNotAtHand) {
  FakeSource base;
  const auto source =
      MakeSymlinkRewritingSource(base, {.export_root = "/", .mount_point = "/tmp/m"});
  EXPECT_FALSE(source->FindAttributes(Path(), "x", absl::InfiniteDuration()).has_value());
  EXPECT_EQ(source->FindListing(Path()), nullptr);
  base.HaveAllAtHand();
  EXPECT_EQ(source->FindAttributes(Path(), "x", absl::InfiniteDuration())->attributes,
            std::nullopt);
}

TEST(SymlinkRewritingSourceTest, ErrorsAndMissingPathsPassThrough) {
  FakeSource base;
  const auto source =
      MakeSymlinkRewritingSource(base, {.export_root = "/", .mount_point = "/tmp/m"});
  source->GetAttributes(Path::Parse("none").value(), {}, [](absl::StatusOr<PathState> state) {
    EXPECT_FALSE(state->attributes.has_value());
  });
  base.FailWith(ErrnoStatus(EACCES, "x"));
  source->GetAttributes(Path(), {}, [](absl::StatusOr<PathState> state) {
    EXPECT_EQ(StatusErrno(state.status()), EACCES);
  });
  source->ReadDirectory(Path(), {}, {}, [](absl::StatusOr<ListingRef> listing) {
    EXPECT_EQ(StatusErrno(listing.status()), EACCES);
  });
  source->GetFileSystemStatistics(Path(), {}, [](absl::StatusOr<FileSystemStatistics> statistics) {
    EXPECT_EQ(StatusErrno(statistics.status()), EACCES);
  });
  source->FindExtent({}, {}, 0, ExtentKind::kData, {}, [](absl::StatusOr<uint64_t> found) {
    EXPECT_EQ(StatusErrno(found.status()), EACCES);
  });
  source->ReadBlock({}, {}, [](absl::StatusOr<BlockRef> block) {
    EXPECT_EQ(StatusErrno(block.status()), EACCES);
  });
}

}  // namespace
}  // namespace coppice
