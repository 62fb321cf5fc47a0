// What a recording session writes down, seen from the kernel's side.
#include "fuse_client/recording_file_system.h"

#include <cerrno>

#include "common/status.h"
#include "fuse_client/testing/session_fixture.h"
#include "gmock/gmock.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecordingFileSystemTest : public SessionFixture {
 protected:
  void Start() { SessionFixture::Start({.touch_log = &log_}); }
  std::vector<Touch> Touches() const { return log_.Snapshot().touches; }
  static Path P(const std::string& text) { return Path::Parse(text).value(); }

  TouchLog log_;
};

TEST_F(RecordingFileSystemTest, NamesAreWrittenDownAsWhatTheyAre) {
  source_.AddDirectory("d");
  source_.AddFile("d/f", "hello");
  source_.AddLink("d/l", "f");
  Start();
  const uint64_t d = NodeOf("d");
  kernel_.Lookup(d, "x");
  NodeOf("d/f");
  NodeOf("d/l");
  EXPECT_THAT(
      Touches(),
      ElementsAre(Touch{TouchKind::kDirectory, P("d")}, Touch{TouchKind::kMissing, P("d/x")},
                  Touch{TouchKind::kFile, P("d/f")}, Touch{TouchKind::kLink, P("d/l")}));
}

TEST_F(RecordingFileSystemTest, NamesThatAreAtHandAreWrittenDownToo) {
  source_.AddFile("f", "hello");
  source_.HaveAllAtHand();
  Start();
  NodeOf("f");
  kernel_.Lookup(kRootNode, "x");
  EXPECT_THAT(Touches(),
              ElementsAre(Touch{TouchKind::kFile, P("f")}, Touch{TouchKind::kMissing, P("x")}));
}

TEST_F(RecordingFileSystemTest, ReadsAreWrittenDownAsFarAsTheFileGoes) {
  source_.AddFile("f", std::string(10'000, 'x'));
  Start();
  const uint64_t f = NodeOf("f");
  EXPECT_EQ(kernel_.Read(f, 0, 4096).data.size(), 4096u);
  EXPECT_EQ(kernel_.Read(f, 4096, 131072).data.size(), 5904u);
  EXPECT_EQ(kernel_.Read(f, 12288, 4096).data.size(), 0u);
  EXPECT_THAT(Touches(), ElementsAre(Touch{TouchKind::kFile, P("f")},
                                     Touch{TouchKind::kRead, P("f"), 0, 10'000}));
}

TEST_F(RecordingFileSystemTest, ListingsAndLinkTargetsAreWrittenDownOnce) {
  source_.AddLink("l", "f");
  Start();
  const uint64_t l = NodeOf("l");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(kernel_.Ask(FUSE_READLINK, l).data, "f");
    kernel_.Wait(kernel_.SendDirectory(kRootNode, 0, 4096, /*plus=*/round == 0));
  }
  EXPECT_THAT(Touches(),
              ElementsAre(Touch{TouchKind::kLink, P("l")}, Touch{TouchKind::kTarget, P("l")},
                          Touch{TouchKind::kListing, Path()}));
}

TEST_F(RecordingFileSystemTest, AnErrorIsNoTouch) {
  source_.FailWith(ErrnoStatus(EIO, "x"));
  Start();
  EXPECT_EQ(kernel_.Lookup(1, "f").error, EIO);
  EXPECT_EQ(kernel_.Ask(FUSE_READLINK, 4711).error, ESTALE);
  EXPECT_EQ(kernel_.Read(4711, 0, 4096).error, ESTALE);
  EXPECT_THAT(Touches(), IsEmpty());
}

}  // namespace
}  // namespace coppice
