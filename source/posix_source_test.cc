#include "source/posix_source.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "common/crc32c.h"
#include "common/mutex.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/fixture_tree.h"
#include "source/testing/posix_fixture.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

INSTANTIATE_TEST_SUITE_P(PosixSource, SourceConformanceTest,
                         testing::Values([](const std::vector<FixtureEntry>& tree) {
                           auto fixture = std::make_shared<PosixFixture>();
                           EXPECT_TRUE(WriteToDisk(tree, fixture->directory().path()).ok());
                           return std::shared_ptr<Source>(fixture, &fixture->source());
                         }));

class PosixSourceTest : public testing::Test {
 protected:
  Source& source() { return fixture_.source(); }
  const TemporaryDirectory& directory() { return fixture_.directory(); }
  static Path MakePath(absl::string_view text) { return PosixFixture::MakePath(text); }

  PosixFixture fixture_;
};

absl::Time TimeFrom(const timespec& time) { return absl::TimeFromTimespec(time); }

void ExpectLikeLstat(const Attributes& attributes, const std::string& file) {
  struct stat st;
  ASSERT_EQ(lstat(file.c_str(), &st), 0) << file;
  EXPECT_EQ(attributes.mode, st.st_mode);
  EXPECT_EQ(attributes.nlink, st.st_nlink);
  EXPECT_EQ(attributes.uid, st.st_uid);
  EXPECT_EQ(attributes.gid, st.st_gid);
  EXPECT_EQ(attributes.rdev, st.st_rdev);
  EXPECT_EQ(attributes.size, static_cast<uint64_t>(st.st_size));
  EXPECT_EQ(attributes.blocks, static_cast<uint64_t>(st.st_blocks));
  EXPECT_EQ(attributes.block_size, st.st_blksize);
  EXPECT_EQ(attributes.atime, TimeFrom(st.st_atim));
  EXPECT_EQ(attributes.mtime, TimeFrom(st.st_mtim));
  EXPECT_EQ(attributes.ctime, TimeFrom(st.st_ctim));
  EXPECT_EQ(attributes.device, st.st_dev);
  EXPECT_EQ(attributes.inode, st.st_ino);
}

TEST_F(PosixSourceTest, EveryFieldIsThatOfLstat) {
  directory().Write("file", "some bytes");
  ASSERT_EQ(chmod(directory().Below("file").c_str(), 04751), 0);
  ASSERT_EQ(link(directory().Below("file").c_str(), directory().Below("hard_link").c_str()), 0);
  directory().Write("old", "from before 1970");
  const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 999'999'999}, {.tv_sec = -5, .tv_nsec = 7}};
  ASSERT_EQ(utimensat(AT_FDCWD, directory().Below("old").c_str(), times, 0), 0);
  ASSERT_EQ(mkfifo(directory().Below("fifo").c_str(), 0600), 0);
  ASSERT_EQ(symlink("file", directory().Below("link").c_str()), 0);
  directory().Write("directory/inside", "");
  for (const char* name : {"file", "hard_link", "old", "fifo", "link", "directory"}) {
    const absl::StatusOr<PathState> state = AwaitAttributes(source(), MakePath(name));
    ASSERT_TRUE(state.ok() && state->attributes.has_value()) << name << state.status();
    SCOPED_TRACE(name);
    ExpectLikeLstat(*state->attributes, directory().Below(name));
    // The same, by the listing.
    const ListingRef listing = AwaitListing(source(), Path()).value();
    ASSERT_NE(listing->Find(name), nullptr);
    ExpectLikeLstat(listing->Find(name)->attributes.value(), directory().Below(name));
  }
  ExpectLikeLstat(*AwaitAttributes(source(), Path())->attributes, directory().path());
}

TEST_F(PosixSourceTest, TheVersionChangesWithContentAndWithAttributes) {
  directory().Write("file", "one");
  const Version first = fixture_.KeyOf("file").version;
  EXPECT_EQ(fixture_.KeyOf("file").version, first);
  directory().Write("file", "three");
  const Version second = fixture_.KeyOf("file").version;
  EXPECT_NE(second, first);
  ASSERT_EQ(chmod(directory().Below("file").c_str(), 0400), 0);
  const timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000}};
  ASSERT_EQ(utimensat(AT_FDCWD, directory().Below("file").c_str(), times, 0), 0);
  EXPECT_NE(fixture_.KeyOf("file").version, second);
}

TEST_F(PosixSourceTest, ASparseFileOf5GiBReadsAtItsStartMiddleAndEnd) {
  constexpr uint64_t kSize = (uint64_t{5} << 30) + 3;
  const int file = open(directory().Below("sparse").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(file, 0);
  ASSERT_EQ(ftruncate(file, static_cast<off_t>(kSize)), 0);
  ASSERT_EQ(pwrite(file, "start", 5, 0), 5);
  ASSERT_EQ(pwrite(file, "middle", 6, static_cast<off_t>(2500 * kBlockBytes)), 6);
  ASSERT_EQ(pwrite(file, "end", 3, static_cast<off_t>(kSize - 3)), 3);
  close(file);
  const std::pair<uint64_t, std::string> expected[] = {
      {0, "start"}, {2500, "middle"}, {kSize / kBlockBytes, "end"}};
  for (const auto& [index, bytes] : expected) {
    const BlockRef block = AwaitBlock(source(), fixture_.KeyOf("sparse", index)).value();
    EXPECT_EQ(std::string(block->bytes().data(), bytes.size()), bytes);
    EXPECT_EQ(block->crc32c(), Crc32c(block->bytes()));
  }
  EXPECT_EQ(AwaitBlock(source(), fixture_.KeyOf("sparse", kSize / kBlockBytes)).value()->size(),
            3u);
  const BlockRef hole = AwaitBlock(source(), fixture_.KeyOf("sparse", 100)).value();
  EXPECT_EQ(std::string(hole->bytes().data(), hole->size()), std::string(kBlockBytes, '\0'));
}

TEST_F(PosixSourceTest, DataAndHolesAreWhereLseekFindsThem) {
  constexpr off_t kSize = (8 << 20) + 5;
  const int file = open(directory().Below("sparse").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_GE(file, 0);
  for (const off_t island : {1 << 20, 3'000'000, 6 << 20}) {
    ASSERT_EQ(pwrite(file, "data", 4, island), 4);
  }
  ASSERT_EQ(ftruncate(file, kSize), 0);
  if (lseek(file, 0, SEEK_DATA) == 0) {
    close(file);
    GTEST_SKIP() << "NOT TESTED: the file system of the test's directory has no holes";
  }
  const BlockKey key = fixture_.KeyOf("sparse");
  for (off_t offset = 0; offset < kSize + 20'000; offset += 9'973) {
    for (const ExtentKind kind : {ExtentKind::kData, ExtentKind::kHole}) {
      const off_t original = lseek(file, offset, kind == ExtentKind::kData ? SEEK_DATA : SEEK_HOLE);
      const int error_number = original < 0 ? errno : 0;
      const absl::StatusOr<uint64_t> found =
          AwaitExtent(source(), key.path, key.version, static_cast<uint64_t>(offset), kind);
      EXPECT_EQ(StatusErrno(found.status()), error_number) << offset;
      EXPECT_EQ(found.ok() ? static_cast<off_t>(*found) : -1, original) << offset;
    }
  }
  // Asked hundreds of times, also for what is not there, and opened once.
  EXPECT_EQ(fixture_.Count("opens"), 1u);
  close(file);
}

TEST_F(PosixSourceTest, FifosSocketsAndDevicesAreShownButNeverOpened) {
  std::vector<std::string> names = {"fifo", "socket"};
  ASSERT_EQ(mkfifo(directory().Below("fifo").c_str(), 0600), 0);
  // Bound through a short relative name: the path of a socket has 108 bytes at most.
  const int socket_descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_GE(socket_descriptor, 0);
  const int place = open(directory().path().c_str(), O_PATH | O_DIRECTORY);
  sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket", place);
  ASSERT_EQ(bind(socket_descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  if (mknod(directory().Below("device").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0) {
    names.push_back("device");
  }
  // Opening the fifo for reading would let this succeed, as long as it was open.
  const auto has_reader = [this] {
    const int writer = open(directory().Below("fifo").c_str(), O_WRONLY | O_NONBLOCK);
    if (writer >= 0) close(writer);
    return writer >= 0;
  };
  for (const std::string& name : names) {
    BlockKey key = fixture_.KeyOf(name);
    key.version.size = 1;
    EXPECT_EQ(StatusErrno(AwaitBlock(source(), key).status()), EINVAL) << name;
    EXPECT_NE(AwaitListing(source(), Path()).value()->Find(name), nullptr);
  }
  EXPECT_FALSE(has_reader());
  EXPECT_EQ(fixture_.Count("opens"), 0u);
  close(place);
  close(socket_descriptor);
}

TEST_F(PosixSourceTest, TheBlocksOfOneFileCostOneOpen) {
  directory().Write("file", std::string(8 * kBlockBytes, 'x'));
  const BlockKey first = fixture_.KeyOf("file");
  std::vector<Answer<BlockRef>> answers(8);
  for (uint64_t i = 0; i < answers.size(); ++i) {
    BlockKey key = first;
    key.index = i;
    source().ReadBlock(key, {}, answers[i].MakeDone());
  }
  for (const auto& answer : answers) EXPECT_TRUE(answer.Await().ok());
  EXPECT_EQ(fixture_.Count("opens"), 1u);
  EXPECT_EQ(fixture_.Count("reads"), 8u);
  EXPECT_EQ(fixture_.Count("bytes"), 8 * kBlockBytes);
}

TEST_F(PosixSourceTest, CountsWhatItAsksFor) {
  directory().Write("d/one", "");
  directory().Write("d/two", "");
  ASSERT_EQ(symlink("one", directory().Below("d/link").c_str()), 0);
  (void)AwaitAttributes(source(), MakePath("d"));
  (void)AwaitAttributes(source(), MakePath("missing"));
  EXPECT_EQ(fixture_.Count("lstats"), 2u);
  EXPECT_EQ(fixture_.Count("errors"), 0u);
  (void)AwaitListing(source(), MakePath("d"));
  EXPECT_EQ(fixture_.Count("readdirs"), 1u);
  EXPECT_EQ(fixture_.Count("lstats"), 5u);
  EXPECT_EQ(fixture_.Count("readlinks"), 1u);
  (void)AwaitListing(source(), MakePath("missing"));
  EXPECT_EQ(fixture_.Count("errors"), 1u);
  (void)AwaitFileSystemStatistics(source(), Path());
  EXPECT_EQ(fixture_.Count("statfs"), 1u);
  EXPECT_EQ(fixture_.source().Statistics().layer, "backing");
}

TEST_F(PosixSourceTest, FileSystemStatisticsAreThoseOfStatvfs) {
  struct statvfs st;
  ASSERT_EQ(statvfs(directory().path().c_str(), &st), 0);
  const FileSystemStatistics statistics = AwaitFileSystemStatistics(source(), Path()).value();
  EXPECT_EQ(statistics.block_size, st.f_bsize);
  EXPECT_EQ(statistics.fragment_size, st.f_frsize);
  EXPECT_EQ(statistics.blocks, st.f_blocks);
  EXPECT_EQ(statistics.files, st.f_files);
  EXPECT_EQ(statistics.name_bytes_max, st.f_namemax);
}

TEST_F(PosixSourceTest, OpeningAnExportRootThatIsNoDirectoryFailsWithItsErrno) {
  directory().Write("file", "");
  PosixSourceOptions options = fixture_.Options();
  options.export_root = "";
  EXPECT_EQ(StatusErrno(OpenPosixSource(options).status()), ENOENT);
  options.export_root = directory().Below("missing");
  EXPECT_EQ(StatusErrno(OpenPosixSource(options).status()), ENOENT);
  options.export_root = directory().Below("file");
  EXPECT_EQ(StatusErrno(OpenPosixSource(options).status()), ENOTDIR);
}

TEST_F(PosixSourceTest, TheExportRootMayBeReachedThroughALink) {
  directory().Write("real/file", "bytes");
  ASSERT_EQ(symlink("real", directory().Below("link").c_str()), 0);
  PosixSourceOptions options = fixture_.Options();
  options.export_root = directory().Below("link");
  const auto source = OpenPosixSource(options).value();
  EXPECT_TRUE(AwaitAttributes(*source, MakePath("file"))->attributes.has_value());
}

class ExhaustedAllocator final : public BlockAllocator {
 public:
  absl::StatusOr<std::shared_ptr<char>> Allocate(size_t) override {
    return ErrnoStatus(ENOMEM, "allocate");
  }
};

TEST_F(PosixSourceTest, WithoutMemoryABlockIsENOMEMAndTheNextRequestIsAnswered) {
  directory().Write("file", "bytes");
  ExhaustedAllocator exhausted;
  const RealClock clock;
  const auto source =
      OpenPosixSource({.export_root = directory().path(), .allocator = exhausted, .clock = clock})
          .value();
  EXPECT_EQ(StatusErrno(AwaitBlock(*source, fixture_.KeyOf("file")).status()), ENOMEM);
  EXPECT_EQ(source->Statistics().counters.at("errors"), 1u);
  EXPECT_TRUE(AwaitAttributes(*source, MakePath("file")).ok());
}

// Holds the only thread inside a read until the test lets it go.
class Gate {
 public:
  void Pass() {
    MutexLock lock(mutex_);
    arrived_ = true;
    changed_.NotifyAll();
    while (!open_) changed_.Wait(mutex_);
  }
  void AwaitArrival() {
    MutexLock lock(mutex_);
    while (!arrived_) changed_.Wait(mutex_);
  }
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool arrived_ ABSL_GUARDED_BY(mutex_) = false;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST_F(PosixSourceTest, AFullQueueRefusesAndNamesItsLimit) {
  Gate gate;
  PosixSourceOptions options = fixture_.Options();
  options.thread_count = 1;
  options.queue_length_max = 2;
  options.seams.names_read = [&gate](const Path&) { gate.Pass(); };
  const auto source = OpenPosixSource(options).value();
  Answer<ListingRef> held;
  source->ReadDirectory(Path(), {}, {}, held.MakeDone());
  gate.AwaitArrival();
  Answer<PathState> queued[2];
  for (auto& answer : queued) source->GetAttributes(Path(), {}, answer.MakeDone());
  Answer<PathState> refused;
  source->GetAttributes(Path(), {}, refused.MakeDone());
  ASSERT_TRUE(refused.IsReady());
  EXPECT_EQ(refused.Await().status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(refused.Await().status().message().find("queue_length_max"), std::string::npos);
  EXPECT_EQ(source->Statistics().counters.at("queue_full"), 1u);
  EXPECT_FALSE(queued[0].IsReady());
  gate.Open();
  EXPECT_TRUE(held.Await().ok());
  for (auto& answer : queued) EXPECT_TRUE(answer.Await().ok());
}

}  // namespace
}  // namespace coppice
