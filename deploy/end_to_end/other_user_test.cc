// Who may read what: other users at the mount, and a peer that may not read itself.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/end_to_end/as_user.h"
#include "deploy/end_to_end/entries.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr char kText[] = "some text";

// The errno of reading a file that says kText; EBADMSG when it says something else.
int ReadErrno(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  char text[100] = {};
  const int error = ErrnoOf(read(file, text, sizeof(text) - 1));
  close(file);
  if (error != 0) return error;
  return std::string(text) == kText ? 0 : EBADMSG;
}

int StatErrno(const std::string& path) {
  struct stat stat = {};
  return ErrnoOf(lstat(path.c_str(), &stat));
}

// The errno of listing a directory that has one name; EBADMSG for another number of them.
int ListErrno(const std::string& path) {
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return errno;
  int names = 0;
  errno = 0;
  while (readdir(folder) != nullptr) ++names;
  const int error = errno;
  closedir(folder);
  if (error != 0) return error;
  return names == 3 ? 0 : EBADMSG;
}

void Write(const std::string& path, mode_t mode) {
  std::ofstream(path) << kText;
  ASSERT_EQ(chmod(path.c_str(), mode), 0);
}

class OtherUserTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() { MountForSuite(Fill, {.client_flags = {"--allow_other"}}); }

  static void Fill(const MountedTree& tree) {
    for (const auto& [name, mode] : {std::pair<const char*, mode_t>{"readable", 0755},
                                     {"closed", 0700},
                                     {"only_entered", 0711},
                                     {"only_listed", 0744}}) {
      std::filesystem::create_directory(tree.Original(name));
      Write(tree.Original(absl::StrCat(name, "/file")), 0644);
      ASSERT_EQ(chmod(tree.Original(name).c_str(), mode), 0);
    }
    Write(tree.Original("secret"), 0600);
    Write(tree.Original("own"), 0400);
    Write(tree.Original("group"), 0640);
    Write(tree.Original("none"), 0);
    if (geteuid() != 0) return;
    ASSERT_EQ(chown(tree.Original("own").c_str(), kNobody, 0), 0);
    ASSERT_EQ(chown(tree.Original("group").c_str(), 0, kNobody), 0);
  }

  void SetUp() override {
    MountedTreeTest::SetUp();
    if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: becoming another user needs root";
  }

  // That Coppice answers nobody as the original does, whoever asked before, and what that is.
  static void ExpectNobodyGets(int expected, int (*question)(const std::string&),
                               const std::string& name) {
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(RunAs(kNobody, [&] { return question(Original(name)); }), expected) << name;
      EXPECT_EQ(RunAs(kNobody, [&] { return question(Shown(name)); }), expected) << name;
      // Root may, and then everything is in the caches.
      EXPECT_EQ(question(Shown(name)), question(Original(name))) << name;
    }
  }
};

TEST_F(OtherUserTest, AReadableFileIsRead) {
  ExpectNobodyGets(0, ReadErrno, "readable/file");
  ExpectNobodyGets(0, ListErrno, "readable");
  ExpectNobodyGets(0, ReadErrno, "own");
  ExpectNobodyGets(0, ReadErrno, "group");
}

TEST_F(OtherUserTest, W6_AnUnreadableFileIsEaccesAndNotEmpty) {
  ExpectNobodyGets(EACCES, ReadErrno, "secret");
  ExpectNobodyGets(EACCES, ReadErrno, "none");
  ExpectNobodyGets(0, StatErrno, "secret");
}

TEST_F(OtherUserTest, AClosedDirectoryIsNeitherListedNorEntered) {
  ExpectNobodyGets(EACCES, ListErrno, "closed");
  ExpectNobodyGets(EACCES, StatErrno, "closed/file");
  ExpectNobodyGets(EACCES, StatErrno, "closed/not there");
  ExpectNobodyGets(EACCES, ReadErrno, "closed/file");
  ExpectNobodyGets(0, StatErrno, "closed");
}

TEST_F(OtherUserTest, InADirectoryThatIsOnlyEnteredKnownNamesAreRead) {
  ExpectNobodyGets(0, ReadErrno, "only_entered/file");
  ExpectNobodyGets(ENOENT, StatErrno, "only_entered/not there");
  ExpectNobodyGets(EACCES, ListErrno, "only_entered");
}

TEST_F(OtherUserTest, InADirectoryThatIsOnlyListedNothingIsReached) {
  ExpectNobodyGets(0, ListErrno, "only_listed");
  ExpectNobodyGets(EACCES, StatErrno, "only_listed/file");
  ExpectNobodyGets(EACCES, ReadErrno, "only_listed/file");
}

TEST_F(OtherUserTest, AccessTellsWhatOpenWouldDo) {
  const auto may_read = [](const std::string& path) { return ErrnoOf(access(path.c_str(), R_OK)); };
  for (const char* name : {"readable/file", "secret", "none", "own", "closed", "only_entered"}) {
    EXPECT_EQ(RunAs(kNobody, [&] { return may_read(Shown(name)); }),
              RunAs(kNobody, [&] { return may_read(Original(name)); }))
        << name;
  }
}

TEST_F(OtherUserTest, WithoutAllowOtherTheMountIsItsOwnersAlone) {
  MountedTree tree;
  Fill(tree);
  ASSERT_TRUE(tree.Mount({}).ok());
  EXPECT_EQ(ReadErrno(tree.Shown("readable/file")), 0);
  EXPECT_EQ(RunAs(kNobody, [&] { return StatErrno(tree.Shown()); }), EACCES);
  EXPECT_EQ(RunAs(kNobody, [&] { return ListErrno(tree.Shown()); }), EACCES);
  EXPECT_EQ(RunAs(kNobody, [&] { return ReadErrno(tree.Shown("readable/file")); }), EACCES);
}

// The peer that reads the backing file system is nobody; client and reader are root.
class UnprivilegedRootPeerTest : public OtherUserTest {
 protected:
  static constexpr absl::Duration kNegativeTtl = absl::Milliseconds(500);
  static constexpr absl::Duration kPatience = absl::Seconds(30);

  static void SetUpTestSuite() {
    if (geteuid() != 0) return;
    MountForSuite(Fill, {.root_user = kNobody,
                         .peer_flags = {"--negative_ttl=500ms"},
                         .client_flags = {"--negative_ttl=500ms"}});
  }
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: becoming another user needs root";
    OtherUserTest::SetUp();
  }

  // Asks until the answer is there. What is known of the old file may be told for as long as the
  // flags say, so time has to pass; how much is not the question here.
  static int AskUntil(int expected, int (*question)(const std::string&), const std::string& path) {
    const absl::Time end = absl::Now() + kPatience;
    int answer = question(path);
    while (answer != expected && absl::Now() < end) answer = question(path);
    return answer;
  }
};

TEST_F(UnprivilegedRootPeerTest, W1_WhatItMayNotReadIsEaccesOverTheHopAndNotKept) {
  for (int round = 0; round < 3; ++round) EXPECT_EQ(ReadErrno(Shown("secret")), EACCES);
  EXPECT_EQ(StatErrno(Shown("secret")), 0);
  ASSERT_EQ(chmod(Original("secret").c_str(), 0644), 0);
  EXPECT_EQ(AskUntil(0, ReadErrno, Shown("secret")), 0);
  EXPECT_EQ(LinkStat(Shown("secret")).st_mode, S_IFREG | 0644u);
}

TEST_F(UnprivilegedRootPeerTest, W1_WhatItMayNotListIsEaccesOverTheHopAndNotKept) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(ListErrno(Shown("closed")), EACCES);
    EXPECT_EQ(StatErrno(Shown("closed/file")), EACCES);
  }
  ASSERT_EQ(chmod(Original("closed").c_str(), 0755), 0);
  EXPECT_EQ(AskUntil(0, ReadErrno, Shown("closed/file")), 0);
  EXPECT_EQ(AskUntil(0, ListErrno, Shown("closed")), 0);
}

TEST_F(UnprivilegedRootPeerTest, InADirectoryThatItMayOnlyEnterKnownNamesAreRead) {
  EXPECT_EQ(ReadErrno(Shown("only_entered/file")), 0);
  EXPECT_EQ(ListErrno(Shown("only_entered")), EACCES);
  EXPECT_EQ(StatErrno(Shown("only_entered/not there")), ENOENT);
}

TEST_F(UnprivilegedRootPeerTest, InADirectoryThatItMayOnlyListNothingIsReached) {
  EXPECT_EQ(ListErrno(Shown("only_listed")), 0);
  EXPECT_EQ(StatErrno(Shown("only_listed/file")), EACCES);
  EXPECT_EQ(ReadErrno(Shown("only_listed/file")), EACCES);
}

TEST_F(UnprivilegedRootPeerTest, WhatItMayReadIsRead) {
  EXPECT_EQ(ReadErrno(Shown("own")), 0);
  EXPECT_EQ(ReadErrno(Shown("readable/file")), 0);
}

}  // namespace
}  // namespace coppice
