// Each request is answered once: by its answer or by its interrupt.
#include "fuse_client/pending_reply.h"

#include <cerrno>
#include <set>

#include "fuse_client/testing/session_fixture.h"

namespace coppice {
namespace {

class PendingReplyTest : public SessionFixture {
 protected:
  // libfuse keeps an interrupt that came after its answer until a later request; one request takes
  // one with it, and what is left at the end would be a leak of its own.
  void TearDown() override {
    for (int i = 0; i < kInterruptsMax; ++i) kernel_.Lookup(1, "f");
  }
  // No test sends more.
  static constexpr int kInterruptsMax = 100;

  // Interrupts are obeyed for these threads. Only changed while no request is under way.
  std::set<pid_t> dying_;

  void StartWithPolicy() {
    source_.AddFile("f", "0123456789");
    FuseSessionOptions options;
    options.interrupt_policy = [this](pid_t thread) { return dying_.contains(thread); };
    Start(std::move(options));
  }
};

TEST_F(PendingReplyTest, AnInterruptedRequestEndsAtOnceAndItsAnswerIsDropped) {
  dying_ = {4242};
  StartWithPolicy();
  source_.Hold();
  const uint64_t lookup = kernel_.SendLookup(1, "f");
  source_.WaitForHeld(1);
  kernel_.SendInterrupt(lookup);
  EXPECT_EQ(kernel_.Wait(lookup).error, EINTR);
  source_.Release();  // a second answer would abort the fake kernel
  EXPECT_EQ(kernel_.Lookup(1, "f").error, 0);
}

TEST_F(PendingReplyTest, ALookupThatTheKernelDidNotGetIsNotCounted) {
  dying_ = {4242};
  StartWithPolicy();
  source_.Hold();
  const uint64_t lookup = kernel_.SendLookup(1, "f");
  const uint64_t listing = kernel_.SendDirectory(1, 0, 4096, /*plus=*/true);
  source_.WaitForHeld(2);
  kernel_.SendInterrupt(lookup);
  kernel_.SendInterrupt(listing);
  EXPECT_EQ(kernel_.Wait(lookup).error, EINTR);
  EXPECT_EQ(kernel_.Wait(listing).error, EINTR);
  source_.Release();
  // One lookup is counted now; with one forget the node is gone.
  const uint64_t node = NodeOf("f");
  kernel_.Forget(node, 1);
  while (kernel_.Getattr(node).error == 0) {
  }
  EXPECT_EQ(kernel_.Getattr(node).error, ESTALE);
}

TEST_F(PendingReplyTest, AThreadThatOnlyHandlesASignalGetsItsAnswer) {
  StartWithPolicy();
  const uint64_t f = NodeOf("f");
  source_.Hold();
  const uint64_t read = kernel_.SendRead(f, 0, 10);
  source_.WaitForHeld(1);
  kernel_.SendInterrupt(read);
  source_.Release();
  EXPECT_EQ(kernel_.Wait(read).data, "0123456789");
}

TEST_F(PendingReplyTest, AnInterruptAfterTheAnswerIsIgnored) {
  dying_ = {4242};
  StartWithPolicy();
  const uint64_t lookup = kernel_.SendLookup(1, "f");
  EXPECT_EQ(kernel_.Wait(lookup).error, 0);
  kernel_.SendInterrupt(lookup);
  EXPECT_EQ(kernel_.Lookup(1, "f").error, 0);
}

TEST_F(PendingReplyTest, AnInterruptThatOvertookItsRequestEndsIt) {
  dying_ = {4242};
  StartWithPolicy();
  source_.Hold();
  // The number of the request that comes after this one.
  const uint64_t probe = kernel_.SendLookup(1, "f");
  source_.WaitForHeld(1);
  const uint64_t coming = probe + 4;
  kernel_.SendInterrupt(coming);
  const uint64_t lookup = kernel_.SendLookup(1, "f");
  ASSERT_EQ(lookup, coming);
  EXPECT_EQ(kernel_.Wait(lookup).error, EINTR);
  EXPECT_TRUE(kernel_.IsUnanswered(probe));
  source_.Release();
  EXPECT_EQ(kernel_.Wait(probe).error, 0);
}

TEST_F(PendingReplyTest, InterruptsRacingWithAnswersLeaveOneAnswerEach) {
  dying_ = {4242};
  StartWithPolicy();
  for (int round = 0; round < kInterruptsMax; ++round) {
    const uint64_t lookup = kernel_.SendLookup(1, "f");
    kernel_.SendInterrupt(lookup);
    const int error = kernel_.Wait(lookup).error;
    EXPECT_TRUE(error == 0 || error == EINTR) << error;
  }
}

// Never answers: destroys the callback.
class Silent final : public Source {
 public:
  void GetAttributes(const Path&, const RequestContext&, Done<PathState>) override {}
  void ReadDirectory(const Path&, const DirectoryPage&, const RequestContext&,
                     Done<ListingRef>) override {}
  void ReadBlock(const BlockKey&, const RequestContext&, Done<BlockRef>) override {}
  void FindExtent(const Path&, const Version&, uint64_t, ExtentKind, const RequestContext&,
                  Done<uint64_t>) override {}
  void GetFileSystemStatistics(const Path&, const RequestContext&,
                               Done<FileSystemStatistics>) override {}
};

TEST(PendingReplyOfASilentSourceTest, ARequestWhoseCallbackIsDestroyedFails) {
  Silent source;
  FakeClock clock;
  FakeKernel kernel;
  const auto session =
      ServeFuse({.source = source, .clock = clock}, {.tick = false}, kernel.TakeSessionEnd())
          .value();
  kernel.Initialise();
  EXPECT_EQ(kernel.Lookup(1, "f").error, EIO);
  EXPECT_EQ(kernel.Wait(kernel.SendDirectory(1, 0, 4096, true)).error, EIO);
  EXPECT_EQ(kernel.Ask(FUSE_STATFS, 1).error, EIO);
}

}  // namespace
}  // namespace coppice
