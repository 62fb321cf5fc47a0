// The backing file system changes under a running service: what the mounts show before and after an
// Invalidate, and that no reader ever gets bytes of two versions.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/end_to_end/dynamics/await_until.h"
#include "deploy/end_to_end/dynamics/file_reading.h"
#include "deploy/end_to_end/dynamics/service_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;

constexpr size_t kMebibyte = size_t{1} << 20;
constexpr size_t kPage = 4096;

class ChangeTest : public ServiceTest {
 protected:
  // Every node has read, listed and missed what the tests change.
  void WarmUp() {
    WriteInPlace(Backing("d/replaced"), old_);
    WriteInPlace(Backing("d/removed"), "r");
    WriteInPlace(Backing("d/becomes_a_directory"), "f");
    WriteInPlace(Backing("d/sub/old_name"), "s");
    Start();
    for (size_t i = 0; i < nodes(); ++i) {
      EXPECT_TRUE(Reads(At(i, "d/replaced"), old_));
      EXPECT_EQ(ErrnoOfLookup(At(i, "d/added")), ENOENT);
      EXPECT_EQ(ErrnoOfLookup(At(i, "d/removed")), 0);
      EXPECT_THAT(*NamesIn(At(i, "d")),
                  ElementsAre("becomes_a_directory", "removed", "replaced", "sub"));
      EXPECT_THAT(*NamesIn(At(i, "d/sub")), ElementsAre("old_name"));
    }
  }

  const std::string old_ = Pattern('o', 3 * kMebibyte + 17);
  const std::string new_ = Pattern('n', 2 * kMebibyte + 5);
};

TEST_F(ChangeTest, AfterInvalidateAtALeafEveryMountSeesAllThatChanged) {
  WarmUp();
  WriteByRename(Backing("d/replaced"), new_);
  WriteInPlace(Backing("d/added"), "a");
  std::filesystem::remove(Backing("d/removed"));
  std::filesystem::remove(Backing("d/becomes_a_directory"));
  WriteInPlace(Backing("d/becomes_a_directory/within"), "w");
  std::filesystem::rename(Backing("d/sub"), Backing("elsewhere"));
  WriteInPlace(Backing("d/sub/new_name"), "s");
  Invalidate(2, "", /*recursive=*/true);
  for (size_t i = 0; i < nodes(); ++i) {
    EXPECT_EQ(*SizeOf(At(i, "d/replaced")), new_.size());
    EXPECT_TRUE(Reads(At(i, "d/replaced"), new_)) << "at node " << i;
    EXPECT_EQ(*ReadWhole(At(i, "d/added")), "a");
    EXPECT_EQ(ErrnoOfLookup(At(i, "d/removed")), ENOENT);
    EXPECT_EQ(*ReadWhole(At(i, "d/becomes_a_directory/within")), "w");
    EXPECT_EQ(ErrnoOfLookup(At(i, "d/sub/old_name")), ENOENT);
    EXPECT_EQ(*ReadWhole(At(i, "elsewhere/old_name")), "s");
    EXPECT_THAT(*NamesIn(At(i, "d/sub")), ElementsAre("new_name"));
    EXPECT_THAT(*NamesIn(At(i, "d")),
                ElementsAre("added", "becomes_a_directory", "replaced", "sub"));
  }
}

// W11 of the predecessor: a reset cleared one node, and not its data; the parent gave the old back.
TEST_F(ChangeTest, W11_AnInvalidateOfOneFileReachesEveryCacheOfEveryNode) {
  WarmUp();
  // The same size and, to the eye, the same file.
  const std::string changed = Pattern('c', old_.size());
  WriteInPlace(Backing("d/replaced"), changed);
  Invalidate(1, "d/replaced");
  for (size_t i = 0; i < nodes(); ++i) {
    EXPECT_TRUE(Reads(At(i, "d/replaced"), changed)) << "at node " << i;
  }
}

TEST_F(ChangeTest, W11_AnInvalidateForgetsMissingNamesToo) {
  WarmUp();
  WriteInPlace(Backing("d/added"), "a");
  Invalidate(0, "d/added");
  for (size_t i = 0; i < nodes(); ++i) EXPECT_EQ(ErrnoOfLookup(At(i, "d/added")), 0);
}

TEST_F(ChangeTest, WhoHasTheOldFileOpenReadsOldBytesOrAnErrorWhileOthersReadTheNew) {
  WarmUp();
  const std::string name = Backing("d/open");
  WriteInPlace(name, old_);
  for (const bool by_rename : {true, false}) {
    SCOPED_TRACE(by_rename ? "replaced by rename" : "overwritten in place");
    WriteByRename(name, old_);
    Invalidate(0, "d", /*recursive=*/true);
    std::vector<FileDescriptor> open_files;
    for (size_t i = 0; i < nodes(); ++i) {
      auto file = OpenForReading(At(i, "d/open"));
      ASSERT_TRUE(file.ok()) << file.status();
      std::string head(kPage, '\0');
      ASSERT_EQ(pread(file->get(), head.data(), head.size(), 0), ssize_t{kPage});
      open_files.push_back(*std::move(file));
    }
    by_rename ? WriteByRename(name, new_) : WriteInPlace(name, new_);
    Invalidate(2, "d/open");
    for (size_t i = 0; i < nodes(); ++i) {
      EXPECT_TRUE(Reads(At(i, "d/open"), new_)) << "at node " << i;
      const auto rest = ReadAll(open_files[i]);
      EXPECT_TRUE(rest.ok() ? *rest == old_ : StatusErrno(rest.status()) == ESTALE)
          << "at node " << i << ": " << rest.status();
    }
  }
}

TEST_F(ChangeTest, AMappingOfTheOldFileShowsOldBytesOrFaultsAndNeverNewOnes) {
  WarmUp();
  for (const int flags : {MAP_PRIVATE, MAP_SHARED}) {
    WriteByRename(Backing("d/mapped"), old_);
    Invalidate(0, "d", /*recursive=*/true);
    const auto file = OpenForReading(At(2, "d/mapped"));
    ASSERT_TRUE(file.ok()) << file.status();
    void* const mapped = mmap(nullptr, old_.size(), PROT_READ, flags, file->get(), 0);
    ASSERT_NE(mapped, MAP_FAILED);
    const char* const bytes = static_cast<const char*>(mapped);
    EXPECT_EQ(bytes[0], 'o');
    WriteByRename(Backing("d/mapped"), Pattern('n', old_.size()));
    Invalidate(1, "d/mapped");
    const FileDescriptor copy(memfd_create("copy", MFD_CLOEXEC));
    for (size_t at = 0; at < old_.size(); at += kPage) {
      // The kernel reads the mapping for us: a page that cannot be had is EFAULT, not a signal.
      const size_t size = std::min(kPage, old_.size() - at);
      const ssize_t count = pwrite(copy.get(), bytes + at, size, 0);
      ASSERT_TRUE(count >= 0 || errno == EFAULT) << errno;
      std::string page(std::max<ssize_t>(count, 0), '\0');
      ASSERT_EQ(pread(copy.get(), page.data(), page.size(), 0), std::max<ssize_t>(count, 0));
      ASSERT_EQ(page, old_.substr(at, page.size())) << "at " << at;
    }
    munmap(mapped, old_.size());
    EXPECT_EQ((*ReadWhole(At(2, "d/mapped")))[0], 'n');
  }
}

// Without an Invalidate, and without a TTL: who finds out that the version is gone looks again.
TEST_F(ChangeTest, AFileThatChangedUnseenIsAnErrorAtMostOnceThenItsNewBytes) {
  WriteInPlace(Backing("d/grown"), old_);
  WriteInPlace(Backing("d/replaced"), old_);
  WriteInPlace(Backing("d/overwritten"), old_);
  Start({.peer_flags = {"--negative_ttl=1h"}, .client_flags = {"--negative_ttl=1h"}});
  for (size_t i = 0; i < nodes(); ++i) {
    for (const char* name : {"d/grown", "d/replaced", "d/overwritten"}) {
      EXPECT_EQ(*SizeOf(At(i, name)), old_.size());
    }
  }
  Append(Backing("d/grown"), new_);
  WriteByRename(Backing("d/replaced"), new_);
  WriteInPlace(Backing("d/overwritten"), new_);
  const std::map<std::string, std::string> now = {
      {"d/grown", old_ + new_}, {"d/replaced", new_}, {"d/overwritten", new_}};
  for (size_t i = 0; i < nodes(); ++i) {
    for (const auto& [name, bytes] : now) {
      const auto first = ReadWhole(At(i, name));
      EXPECT_TRUE(first.ok() ? *first == bytes : StatusErrno(first.status()) == ESTALE)
          << name << " at node " << i << ": " << first.status();
      // The kernel is told in the background.
      EXPECT_TRUE(AwaitUntil([&] { return Reads(At(i, name), bytes); })) << name;
    }
  }
}

// Whole-file reads by three readers on each mount while the file is replaced and appended to.
TEST_F(ChangeTest, EveryReadDuringChangesIsOneVersionOrAnError) {
  constexpr size_t kReadersPerNode = 3;
  constexpr int kChanges = 12;
  // By size, which tells a version: they all differ.
  std::map<size_t, size_t> versions;
  std::vector<std::string> steps;
  for (int i = 0; i < kChanges; ++i) {
    const bool appended = i % 3 == 2;
    steps.push_back(appended ? steps.back() + Pattern('+', kMebibyte / 2 + i)
                             : Pattern(static_cast<char>('a' + i), 2 * kMebibyte + 1000 * i));
    versions[steps.back().size()] = i;
  }
  WriteInPlace(Backing("file"), steps[0]);
  // Without a TTL, readers would hardly meet a change.
  Start({.peer_flags = {"--metadata_ttl=20ms"}, .client_flags = {"--metadata_ttl=20ms"}});

  std::atomic<bool> done = false;
  std::atomic<size_t> read_count = 0;
  std::atomic<size_t> mix_count = 0;
  // A bit for each step.
  std::atomic<uint32_t> seen_steps = 0;
  std::vector<std::thread> readers;
  for (size_t i = 0; i < nodes() * kReadersPerNode; ++i) {
    readers.emplace_back([&, path = At(i % nodes(), "file")] {
      while (!done) {
        const auto bytes = ReadWhole(path);
        if (!bytes.ok()) continue;
        ++read_count;
        const auto version = versions.find(bytes->size());
        if (version == versions.end() || steps[version->second] != *bytes) {
          ++mix_count;
        } else {
          seen_steps |= uint32_t{1} << version->second;
        }
      }
    });
  }
  for (int i = 1; i < kChanges; ++i) {
    const size_t seen = read_count;
    EXPECT_TRUE(AwaitUntil([&] { return read_count >= seen + nodes(); })) << "reading stopped";
    if (i % 3 == 2) {
      Append(Backing("file"), steps[i].substr(steps[i - 1].size()));
    } else {
      WriteByRename(Backing("file"), steps[i]);
    }
    if (i % 2 == 0) Invalidate(2, "file");
  }
  Invalidate(1, "file");
  for (size_t i = 0; i < nodes(); ++i) EXPECT_TRUE(Reads(At(i, "file"), steps.back()));
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(mix_count, 0u) << "of " << read_count;
  EXPECT_GE(std::popcount(seen_steps.load()), kChanges / 2) << "the readers hardly met a change";
}

class AgingTest : public ServiceTest {
 protected:
  static constexpr absl::Duration kTtl = absl::Milliseconds(300);
  // Some TTLs for each level, on a busy machine; far below the default of one.
  static constexpr absl::Duration kSeenMax = absl::Seconds(5);

  void StartAging(size_t node_count) {
    Start({.nodes = node_count,
           .peer_flags = {"--negative_ttl=300ms"},
           .client_flags = {"--negative_ttl=300ms"}});
  }
  bool EveryMount(const std::string& name, int wanted_errno, bool listed) const {
    for (size_t i = 0; i < nodes(); ++i) {
      if (ErrnoOfLookup(At(i, name)) != wanted_errno) return false;
      const std::filesystem::path path(name);
      const auto names = NamesIn(At(i, path.parent_path().string()));
      const bool found = names.ok() && std::find(names->begin(), names->end(),
                                                 path.filename().string()) != names->end();
      if (found != listed) return false;
    }
    return true;
  }
};

// W14 of the predecessor: what was once seen never changed again.
TEST_F(AgingTest, W14_NewAndRemovedNamesAreSeenOnEveryMountWithinTheTtl) {
  WriteInPlace(Backing("d/there"), "t");
  StartAging(3);
  ASSERT_TRUE(EveryMount("d/added", ENOENT, /*listed=*/false));
  WriteInPlace(Backing("d/added"), "a");
  EXPECT_TRUE(AwaitUntil(absl::Now() + kSeenMax,
                         [&] { return EveryMount("d/added", 0, /*listed=*/true); }));
  std::filesystem::remove(Backing("d/there"));
  EXPECT_TRUE(AwaitUntil(absl::Now() + kSeenMax,
                         [&] { return EveryMount("d/there", ENOENT, /*listed=*/false); }));
}

TEST_F(AgingTest, WatchingCostsTheBackingFileSystemOneLstatPerDirectoryAndTtlOnSevenNodes) {
  constexpr size_t kPeriods = 8;
  // Old ones: those that changed within the last seconds are read again for a while.
  const std::vector<std::string> directories = {
      "etc", "usr", "usr/lib", "var", "usr/bin", "usr/share", "var/lib", "usr/sbin", "usr/include"};
  Start({.nodes = 7,
         .export_root = "/",
         .peer_flags = {"--negative_ttl=300ms"},
         .client_flags = {"--negative_ttl=300ms"}});
  const auto look = [&] {
    for (size_t node = 0; node < nodes(); ++node) {
      for (const std::string& directory : directories) {
        EXPECT_EQ(ErrnoOfLookup(At(node, directory + "/missing")), ENOENT);
      }
    }
  };
  look();
  // How long so many take tells how many there are in a TTL, on however slow a machine.
  const uint64_t before = Counter(0, "backing", "lstats");
  const absl::Time start = absl::Now();
  ASSERT_TRUE(AwaitUntil([&] {
    look();
    return Counter(0, "backing", "lstats") >= before + directories.size() * kPeriods;
  })) << "nobody looks after the directories";
  EXPECT_GE(absl::Now() - start, kTtl * (kPeriods - 2));
}

}  // namespace
}  // namespace coppice
