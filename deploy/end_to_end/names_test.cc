// Names, directories and special files through Coppice.
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/entries.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/end_to_end/sample_tree.h"
#include "common/file_descriptor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

constexpr int kManyFiles = 20'000;
constexpr size_t kDeepNameBytes = 250;

Folder OpenFolder(const std::string& path) { return Folder(opendir(path.c_str()), closedir); }

std::vector<std::string> Names(DIR* folder) {
  std::vector<std::string> names;
  while (const dirent* entry = readdir(folder)) names.push_back(entry->d_name);
  return names;
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// Directories of long names, one in the other, as deep as asked for; the descriptor of the last.
FileDescriptor MakeDeep(const std::string& top, int depth) {
  FileDescriptor folder(open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < depth; ++i) {
    const std::string name = absl::StrCat(i, std::string(kDeepNameBytes - 2, 'd'));
    if (mkdirat(folder.get(), name.c_str(), 0755) != 0) std::abort();
    const FileDescriptor file(openat(folder.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (write(file.get(), name.data(), name.size()) < 0) std::abort();
    folder = FileDescriptor(openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  return folder;
}

class NamesTest : public MountedTreeTest {
 protected:
  static constexpr int kDepth = 20;

  static void SetUpTestSuite() { MountForSuite(Fill); }

  static void Fill(const MountedTree& tree) {
    FillSampleTree(tree.Original());
    std::filesystem::create_directory(tree.Original("many"));
    for (int i = 0; i < kManyFiles; ++i) {
      std::ofstream(tree.Original(absl::StrCat("many/file number ", i))) << i;
    }
    std::filesystem::create_directory(tree.Original("deep"));
    MakeDeep(tree.Original("deep"), kDepth);
  }
};

TEST_F(NamesTest, AnyBytesCanBeAName) {
  int count = 0;
  for (const std::string& name : EntriesBelow(Original("names"))) {
    const std::string path = "names/" + name;
    EXPECT_EQ(AttributesText(Shown(path)), AttributesText(Original(path))) << name;
    if (S_ISREG(LinkStat(Original(path)).st_mode)) {
      EXPECT_EQ(TextOf(Shown(path)), TextOf(Original(path))) << name;
    }
    ++count;
  }
  EXPECT_GT(count, 20);
}

TEST_F(NamesTest, NamesThatCannotBeAreRefused) {
  struct stat stat = {};
  EXPECT_EQ(ErrnoOf(lstat(Shown("names/" + std::string(256, 'n')).c_str(), &stat)), ENAMETOOLONG);
  EXPECT_EQ(ErrnoOf(lstat(Shown("names/none").c_str(), &stat)), ENOENT);
  EXPECT_EQ(ErrnoOf(lstat(Shown("names/cASE").c_str(), &stat)), ENOENT);
  EXPECT_EQ(ErrnoOf(lstat(Shown("none/names").c_str(), &stat)), ENOENT);
  EXPECT_EQ(ErrnoOf(lstat(Shown("names/ /x").c_str(), &stat)), ENOTDIR);
}

// The path grows beyond PATH_MAX, which a program can do that walks down by openat(2).
TEST_F(NamesTest, PathsAreSeenDownToTheLongestThatLinuxHasAndRefusedBeyond) {
  FileDescriptor shown(open(Shown("deep").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  size_t length = strlen("deep");
  int seen = 0;
  for (int i = 0; i < kDepth; ++i) {
    const std::string name = absl::StrCat(i, std::string(kDeepNameBytes - 2, 'd'));
    FileDescriptor file(openat(shown.get(), "file", O_RDONLY | O_CLOEXEC));
    FileDescriptor next(openat(shown.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (length + 1 + name.size() < PATH_MAX) {
      ASSERT_TRUE(next.valid()) << length << " " << strerror(errno);
      char text[300] = {};
      EXPECT_EQ(read(file.get(), text, sizeof(text)), static_cast<ssize_t>(name.size()));
      EXPECT_EQ(text, name);
      ++seen;
    } else {
      EXPECT_FALSE(next.valid()) << length;
      EXPECT_EQ(errno, ENAMETOOLONG);
      break;
    }
    shown = std::move(next);
    length += 1 + name.size();
  }
  EXPECT_GE(seen, 15);
  EXPECT_LT(seen, kDepth);
}

TEST_F(NamesTest, ALargeDirectoryListsEachNameOnceAndFindsEachByName) {
  const Folder folder = OpenFolder(Shown("many"));
  const std::vector<std::string> names = Names(folder.get());
  const std::set<std::string> unique(names.begin(), names.end());
  EXPECT_EQ(names.size(), kManyFiles + 2u);
  EXPECT_EQ(unique.size(), names.size());
  EXPECT_TRUE(unique.count(".") == 1 && unique.count("..") == 1);
  for (int i = 0; i < kManyFiles; ++i) {
    const std::string name = absl::StrCat("many/file number ", i);
    struct stat stat = {};
    ASSERT_EQ(lstat(Shown(name).c_str(), &stat), 0) << name;
    ASSERT_EQ(stat.st_size, static_cast<off_t>(absl::StrCat(i).size())) << name;
  }
  for (int i = kManyFiles; i < kManyFiles + 1000; ++i) {
    const std::string name = absl::StrCat("many/file number ", i);
    ASSERT_EQ(ErrnoOf(access(Shown(name).c_str(), F_OK)), ENOENT) << name;
  }
}

TEST_F(NamesTest, ANameOfALargeDirectoryThatWasNeverListedIsFound) {
  MountedTree fresh;
  std::filesystem::create_directory(fresh.Original("many"));
  for (int i = 0; i < kManyFiles; ++i) {
    std::ofstream(fresh.Original(absl::StrCat("many/", i))).close();
  }
  ASSERT_TRUE(fresh.Mount({}).ok());
  for (int i = 0; i < kManyFiles; i += 97) {
    ASSERT_EQ(ErrnoOf(access(fresh.Shown(absl::StrCat("many/", i)).c_str(), F_OK)), 0) << i;
    ASSERT_EQ(ErrnoOf(access(fresh.Shown(absl::StrCat("many/-", i)).c_str(), F_OK)), ENOENT) << i;
  }
}

TEST_F(NamesTest, AListingResumesWhereTelldirWas) {
  for (const char* name : {"many", "names"}) {
    const Folder folder = OpenFolder(Shown(name));
    std::map<std::string, long> positions;
    std::vector<std::string> names;
    while (true) {
      const long position = telldir(folder.get());
      const dirent* entry = readdir(folder.get());
      if (entry == nullptr) break;
      names.push_back(entry->d_name);
      positions[names.back()] = position;
    }
    const size_t stride = names.size() > 1000 ? 997 : 1;
    for (size_t i = 0; i < names.size(); i += stride) {
      const size_t place = names.size() - 1 - i;
      seekdir(folder.get(), positions[names[place]]);
      for (size_t next = place; next < std::min(place + 3, names.size()); ++next) {
        const dirent* entry = readdir(folder.get());
        ASSERT_NE(entry, nullptr) << name << " at " << next;
        EXPECT_EQ(entry->d_name, names[next]);
      }
    }
    rewinddir(folder.get());
    EXPECT_EQ(Names(folder.get()), names);
    EXPECT_EQ(Names(OpenFolder(Shown(name)).get()).size(), names.size());
  }
}

TEST_F(NamesTest, AnEmptyDirectoryHasItselfAndItsParent) {
  std::vector<std::string> names = Names(OpenFolder(Shown("empty")).get());
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre(".", ".."));
}

TEST_F(NamesTest, SpecialFilesShowTheirTypesAndDevices) {
  for (const std::string& name : EntriesBelow(Original("special"))) {
    const std::string path = "special/" + name;
    EXPECT_EQ(AttributesText(Shown(path)), AttributesText(Original(path))) << name;
  }
  EXPECT_TRUE(S_ISFIFO(LinkStat(Shown("special/fifo")).st_mode));
  EXPECT_TRUE(S_ISSOCK(LinkStat(Shown("special/socket")).st_mode));
}

TEST_F(NamesTest, DevicesCannotBeOpened) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: making devices needs root";
  // The mount is nodev: the kernel does not ask further.
  for (const char* name : {"null", "large", "block"}) {
    const std::string path = Shown(absl::StrCat("special/", name));
    EXPECT_EQ(ErrnoOf(open(path.c_str(), O_RDONLY | O_NONBLOCK)), EACCES) << name;
  }
}

// As on every read-only mount it is a place where processes of this node meet, and nothing of the
// original.
TEST_F(NamesTest, AFifoIsTheNodesOwn) {
  const std::string path = Shown("special/fifo");
  EXPECT_EQ(ErrnoOf(open(path.c_str(), O_WRONLY | O_NONBLOCK)), ENXIO);
  const FileDescriptor reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader.valid());
  char text[10] = {};
  EXPECT_EQ(read(reader.get(), text, sizeof(text)), 0);
  const FileDescriptor elsewhere(
      open(Original("special/fifo").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_FALSE(elsewhere.valid());  // nobody reads the original
  const FileDescriptor writer(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(writer.valid());
  EXPECT_EQ(write(writer.get(), "here", 4), 4);
  EXPECT_EQ(read(reader.get(), text, sizeof(text)), 4);
  EXPECT_STREQ(text, "here");
}

TEST_F(NamesTest, NobodyListensAtASocket) {
  const FileDescriptor local(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof(address.sun_path), "%s", Shown("special/socket").c_str());
  EXPECT_EQ(ErrnoOf(connect(local.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address))),
            ECONNREFUSED);
  EXPECT_EQ(ErrnoOf(open(Shown("special/socket").c_str(), O_RDONLY | O_NONBLOCK)), ENXIO);
}

}  // namespace
}  // namespace coppice
