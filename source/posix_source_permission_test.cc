// PosixSource as a user to whom files are forbidden.
//
// Credentials belong to a thread in the kernel, and new threads inherit them: a source that is
// opened on a thread which has become another user is that user's, and the test itself stays root.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/posix_fixture.h"

namespace coppice {
namespace {

constexpr uid_t kNobody = 65'534;

class PosixSourcePermissionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can become another user";
    Allow("", 0755);
  }

  void Allow(const std::string& name, mode_t mode) {
    ASSERT_EQ(chmod(fixture_.directory().Below(name).c_str(), mode), 0);
  }

  // Runs the test's body with a source of that user.
  void AsNobody(const std::function<void(Source& source)>& body) {
    std::thread([this, &body] {
      ASSERT_EQ(syscall(SYS_setgroups, 0, nullptr), 0);
      ASSERT_EQ(syscall(SYS_setresgid, kNobody, kNobody, kNobody), 0);
      ASSERT_EQ(syscall(SYS_setresuid, kNobody, kNobody, kNobody), 0);
      const auto source = OpenPosixSource(fixture_.Options());
      ASSERT_TRUE(source.ok()) << source.status();
      body(**source);
    }).join();
  }
  static Path MakePath(absl::string_view text) { return PosixFixture::MakePath(text); }

  // Where others may search.
  PosixFixture fixture_{{}, "/tmp"};
};

TEST_F(PosixSourcePermissionTest, AnUnreadableFileHasAttributesAndItsBlocksAreEACCES) {
  fixture_.directory().Write("file", "secret");
  Allow("file", 0);
  AsNobody([](Source& source) {
    const PathState state = AwaitAttributes(source, MakePath("file")).value();
    ASSERT_TRUE(state.attributes.has_value());
    EXPECT_EQ(state.attributes->size, 6u);
    const BlockKey key{.path = MakePath("file"), .version = state.attributes->version};
    EXPECT_EQ(StatusErrno(AwaitBlock(source, key).status()), EACCES);
  });
}

TEST_F(PosixSourcePermissionTest, ADirectoryWithReadButNoSearchShowsNamesWithoutAttributes) {
  fixture_.directory().Write("d/file", "");
  Allow("d", 0744);
  AsNobody([](Source& source) {
    const ListingRef listing = AwaitListing(source, MakePath("d")).value();
    ASSERT_NE(listing->Find("file"), nullptr);
    EXPECT_FALSE(listing->Find("file")->attributes.has_value());
    EXPECT_EQ(listing->Find("file")->type, static_cast<uint32_t>(S_IFREG));
    EXPECT_EQ(StatusErrno(AwaitAttributes(source, MakePath("d/file")).status()), EACCES);
    EXPECT_EQ(StatusErrno(AwaitAttributes(source, MakePath("d/missing")).status()), EACCES);
  });
}

TEST_F(PosixSourcePermissionTest, ADirectoryWithSearchButNoReadAnswersLookupsOnly) {
  fixture_.directory().Write("d/file", "bytes");
  Allow("d", 0711);
  AsNobody([](Source& source) {
    EXPECT_EQ(StatusErrno(AwaitListing(source, MakePath("d")).status()), EACCES);
    const PathState state = AwaitAttributes(source, MakePath("d/file")).value();
    ASSERT_TRUE(state.attributes.has_value());
    const BlockKey key{.path = MakePath("d/file"), .version = state.attributes->version};
    EXPECT_TRUE(AwaitBlock(source, key).ok());
    EXPECT_FALSE(AwaitAttributes(source, MakePath("d/missing"))->attributes.has_value());
  });
}

TEST_F(PosixSourcePermissionTest, BelowADirectoryWithoutSearchAllIsEACCESAndNothingMissing) {
  fixture_.directory().Write("d/e/file", "");
  Allow("d", 0700);
  AsNobody([](Source& source) {
    EXPECT_TRUE(AwaitAttributes(source, MakePath("d"))->attributes.has_value());
    for (const char* path : {"d/e", "d/e/file", "d/missing", "d/missing/below"}) {
      EXPECT_EQ(StatusErrno(AwaitAttributes(source, MakePath(path)).status()), EACCES) << path;
      EXPECT_EQ(StatusErrno(AwaitListing(source, MakePath(path)).status()), EACCES) << path;
    }
  });
}

}  // namespace
}  // namespace coppice
