// LOOKUP, FORGET, GETATTR and READLINK, and what the kernel is told to keep.
#include <sys/stat.h>

#include <cerrno>

#include "common/status.h"
#include "fuse_client/attribute_encoding.h"
#include "fuse_client/testing/session_fixture.h"
#include "gmock/gmock.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using LookupsTest = SessionFixture;

TEST_F(LookupsTest, AFileIsKeptForEver) {
  source_.AddFile("f", "hello");
  Start();
  const fuse_entry_out entry = EntryOf(kernel_.Lookup(1, "f"));
  EXPECT_GT(entry.nodeid, 1u);
  EXPECT_EQ(entry.attr.mode, S_IFREG | 0644u);
  EXPECT_EQ(entry.attr.size, 5u);
  EXPECT_EQ(entry.attr.ino, source_.AttributesOf("f").inode);
  EXPECT_EQ(entry.entry_valid, kForeverSeconds);
  EXPECT_EQ(entry.attr_valid, kForeverSeconds);
  EXPECT_EQ(source_.last_context().deadline, clock_.Now() + absl::Seconds(60));
}

TEST_F(LookupsTest, WithAMetadataTtlItIsKeptForThatLongAndAskedForThatYoung) {
  source_.AddFile("f", "hello");
  Start({.file_system = {.metadata_ttl = absl::Seconds(30)}});
  EXPECT_EQ(EntryOf(kernel_.Lookup(1, "f")).entry_valid, 30u);
  EXPECT_EQ(source_.last_context().age_max, absl::Seconds(30));
}

TEST_F(LookupsTest, AChangedFileIsAnotherNode) {
  source_.AddFile("f", "old");
  Start();
  const uint64_t old_node = NodeOf("f");
  EXPECT_EQ(NodeOf("f"), old_node);
  source_.AddFile("f", "new");
  EXPECT_NE(NodeOf("f"), old_node);
}

TEST_F(LookupsTest, AMissingNameOfAKnownDirectoryIsKeptForEverUntilTheDirectoryChanges) {
  source_.AddDirectory("d");
  Start();
  const uint64_t d = NodeOf("d");
  const fuse_entry_out missing = EntryOf(kernel_.Lookup(d, "x"));
  EXPECT_EQ(missing.nodeid, 0u);
  EXPECT_EQ(missing.entry_valid, kForeverSeconds);
  source_.AddFile("d/x", "now there");
  session_->Tick();
  EXPECT_THAT(Notifications(2),
              ElementsAre("invalidate " + std::to_string(d) + "/x", "node " + std::to_string(d)));
  EXPECT_NE(EntryOf(kernel_.Lookup(d, "x")).nodeid, 0u);
}

TEST_F(LookupsTest, AMissingNameOfAnUnknownDirectoryIsKeptForTheNegativeTtl) {
  source_.SetMissingHaveVersion(false);
  Start({.file_system = {.negative_ttl = absl::Seconds(7)}});
  const fuse_entry_out missing = EntryOf(kernel_.Lookup(1, "x"));
  EXPECT_EQ(missing.nodeid, 0u);
  EXPECT_EQ(missing.entry_valid, 7u);
  source_.TakeRequests();
  session_->Tick();
  EXPECT_THAT(source_.TakeRequests(), IsEmpty());
}

TEST_F(LookupsTest, WhatIsAtHandIsAnsweredWithoutARequest) {
  source_.AddDirectory("d");
  source_.AddFile("d/f", "hello");
  source_.HaveAllAtHand();
  Start();
  const uint64_t d = NodeOf("d");
  const fuse_entry_out entry = EntryOf(kernel_.Lookup(d, "f"));
  EXPECT_EQ(entry.attr.size, 5u);
  EXPECT_EQ(entry.entry_valid, kForeverSeconds);
  EXPECT_EQ(entry.attr_valid, kForeverSeconds);
  EXPECT_EQ(EntryOf(kernel_.Lookup(d, "f")).nodeid, entry.nodeid);
  const fuse_entry_out missing = EntryOf(kernel_.Lookup(d, "x"));
  EXPECT_EQ(missing.nodeid, 0u);
  EXPECT_EQ(missing.entry_valid, kForeverSeconds);
  EXPECT_THAT(source_.TakeRequests(), IsEmpty());
  // It is watched as any other.
  source_.AddFile("d/x", "now there");
  session_->Tick();
  EXPECT_THAT(source_.TakeRequests(), ElementsAre("attributes d"));
  EXPECT_EQ(Notifications(1)[0], "invalidate " + std::to_string(d) + "/x");
}

TEST_F(LookupsTest, WhatIsAtHandWhenAnOrderToForgetComesIsNotKept) {
  source_.AddFile("f", "old");
  source_.HaveAllAtHand(
      [this] { session_->Invalidate({.path = Path(), .recursive = true}, [] {}); });
  Start();
  const fuse_entry_out entry = EntryOf(kernel_.Lookup(1, "f"));
  EXPECT_NE(entry.nodeid, 0u);
  EXPECT_EQ(entry.entry_valid, 0u);
  EXPECT_EQ(entry.attr_valid, 0u);
  EXPECT_EQ(EntryOf(kernel_.Lookup(1, "none")).entry_valid, 0u);
}

TEST_F(LookupsTest, ANameThatIsTooLongIsRefusedThoughAllIsAtHand) {
  source_.HaveAllAtHand();
  Start();
  EXPECT_EQ(kernel_.Lookup(1, std::string(256, 'x')).error, ENAMETOOLONG);
  EXPECT_EQ(kernel_.Lookup(4711, "x").error, ESTALE);
}

TEST_F(LookupsTest, ErrorsKeepTheirErrnoAndAreNotKept) {
  Start();
  for (const int error_number : {EACCES, EIO, ENOTDIR, ELOOP, EREMOTEIO}) {
    source_.FailWith(ErrnoStatus(error_number, "x"));
    EXPECT_EQ(kernel_.Lookup(1, "f").error, error_number);
    EXPECT_EQ(kernel_.Getattr(1).error, error_number);
  }
  source_.FailWith(absl::UnavailableError("no parent"));
  EXPECT_EQ(kernel_.Lookup(1, "f").error, EIO);
  source_.FailWith(absl::DeadlineExceededError("slow"));
  EXPECT_EQ(kernel_.Getattr(1).error, EIO);
}

TEST_F(LookupsTest, ANameThatIsTooLongIsRefusedHere) {
  Start();
  source_.TakeRequests();
  EXPECT_EQ(kernel_.Lookup(1, std::string(256, 'x')).error, ENAMETOOLONG);
  EXPECT_THAT(source_.TakeRequests(), IsEmpty());
}

TEST_F(LookupsTest, ANodeThatWasForgottenIsStale) {
  source_.AddFile("f", "x");
  Start();
  const uint64_t node = NodeOf("f");
  NodeOf("f");
  kernel_.Forget(node, 1);
  EXPECT_EQ(kernel_.Getattr(node).error, 0);
  const fuse_forget_one one = {.nodeid = node, .nlookup = 1};
  kernel_.Send(FUSE_BATCH_FORGET, 0, BodyOf(fuse_batch_forget_in{.count = 1}) + BodyOf(one));
  // Another request may overtake a forget, on another thread: asked until it has come.
  while (kernel_.Getattr(node).error == 0) {
  }
  EXPECT_EQ(kernel_.Getattr(node).error, ESTALE);
  EXPECT_EQ(kernel_.Lookup(node, "x").error, ESTALE);
}

TEST_F(LookupsTest, GetattrOfAChangedFileIsStaleAndItsNameExpires) {
  source_.AddFile("f", "old");
  Start();
  const uint64_t node = NodeOf("f");
  EXPECT_EQ(kernel_.Getattr(node).As<fuse_attr_out>().attr.size, 3u);
  source_.AddFile("f", "newer");
  EXPECT_EQ(kernel_.Getattr(node).error, ESTALE);
  EXPECT_THAT(Notifications(1), ElementsAre("expire 1/f"));
  source_.Remove("f");
  EXPECT_EQ(kernel_.Getattr(node).error, ESTALE);
  EXPECT_THAT(Notifications(1), ElementsAre("expire 1/f"));
}

TEST_F(LookupsTest, GetattrOfADirectoryWithOtherEntriesIsNotStale) {
  source_.AddDirectory("d");
  Start();
  const uint64_t node = NodeOf("d");
  source_.AddFile("d/x", "");
  EXPECT_EQ(kernel_.Getattr(node).error, 0);
  EXPECT_EQ(kernel_.Getattr(kRootNode).error, 0);
}

TEST_F(LookupsTest, ALinkShowsItsTarget) {
  source_.AddLink("l", "../somewhere");
  source_.AddFile("f", "x");
  Start();
  EXPECT_EQ(kernel_.Ask(FUSE_READLINK, NodeOf("l")).data, "../somewhere");
  EXPECT_EQ(kernel_.Ask(FUSE_READLINK, NodeOf("f")).error, EINVAL);
}

TEST_F(LookupsTest, AnAnswerThatAnOrderToForgetOvertookIsNotKept) {
  source_.AddFile("f", "old");
  Start();
  source_.Hold();
  const uint64_t found = kernel_.SendLookup(1, "f"), missing = kernel_.SendLookup(1, "none");
  source_.WaitForHeld(2);
  session_->Invalidate({.path = Path(), .recursive = true}, [] {});
  source_.Release();
  EXPECT_EQ(EntryOf(kernel_.Wait(found)).entry_valid, 0u);
  EXPECT_EQ(EntryOf(kernel_.Wait(found)).attr_valid, 0u);
  EXPECT_EQ(EntryOf(kernel_.Wait(missing)).entry_valid, 0u);
}

}  // namespace
}  // namespace coppice
