// OPEN, READ and LSEEK.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/status.h"
#include "fuse_client/testing/session_fixture.h"
#include "gmock/gmock.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ReadsTest : public SessionFixture {
 protected:
  FakeKernel::Answer Open(uint64_t node, uint32_t flags) {
    return kernel_.Ask(FUSE_OPEN, node, BodyOf(fuse_open_in{.flags = flags}));
  }
  FakeKernel::Answer Seek(uint64_t node, uint64_t offset, uint32_t whence) {
    return kernel_.Ask(FUSE_LSEEK, node, BodyOf(fuse_lseek_in{.offset = offset, .whence = whence}));
  }
};

// Bytes that differ from place to place.
std::string Content(size_t size) {
  std::string content(size, '\0');
  for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 31 + i / 251);
  return content;
}

TEST_F(ReadsTest, AReadGivesTheBytesAsked) {
  source_.AddFile("f", "0123456789");
  Start();
  const uint64_t f = NodeOf("f");
  EXPECT_EQ(kernel_.Read(f, 0, 4096).data, "0123456789");
  EXPECT_EQ(kernel_.Read(f, 3, 4).data, "3456");
  EXPECT_EQ(kernel_.Read(f, 9, 4096).data, "9");
  EXPECT_EQ(session_->Counters().at("READ"), 3u);
  EXPECT_EQ(session_->Counters().at("read_bytes"), 15u);
}

TEST_F(ReadsTest, AReadAtOrBeyondTheEndIsEmptyAndAsksNobody) {
  source_.AddFile("f", "0123456789");
  source_.AddFile("empty", "");
  Start();
  const uint64_t f = NodeOf("f"), empty = NodeOf("empty");
  source_.TakeRequests();
  for (const uint64_t offset : {uint64_t{10}, uint64_t{11}, uint64_t{1} << 62}) {
    const FakeKernel::Answer answer = kernel_.Read(f, offset, 4096);
    EXPECT_EQ(answer.error, 0);
    EXPECT_EQ(answer.data, "");
  }
  EXPECT_EQ(kernel_.Read(empty, 0, 4096).data, "");
  EXPECT_THAT(source_.TakeRequests(), IsEmpty());
}

TEST_F(ReadsTest, AReadMaySpanTwoBlocksThatComeInAnyOrder) {
  const std::string content = Content(2 * kBlockBytes + 10);
  source_.AddFile("f", content);
  Start();
  const uint64_t f = NodeOf("f");
  EXPECT_TRUE(kernel_.Read(f, kBlockBytes - 5, 100).data == content.substr(kBlockBytes - 5, 100));
  EXPECT_TRUE(kernel_.Read(f, kBlockBytes, 100).data == content.substr(kBlockBytes, 100));
  EXPECT_TRUE(kernel_.Read(f, 2 * kBlockBytes - 7, 4096).data ==
              content.substr(2 * kBlockBytes - 7));
  source_.TakeRequests();
  kernel_.Read(f, kBlockBytes - 1, 1);
  EXPECT_THAT(source_.TakeRequests(), ElementsAre("block f 0"));
  kernel_.Read(f, kBlockBytes - 1, 2);
  EXPECT_THAT(source_.TakeRequests(), UnorderedElementsAre("block f 0", "block f 1"));
}

TEST_F(ReadsTest, TheFileOfANodeThatChangedIsStaleAndItsNameExpires) {
  source_.AddFile("f", "old bytes");
  Start();
  const uint64_t f = NodeOf("f");
  source_.AddFile("f", "new");
  EXPECT_EQ(kernel_.Read(f, 0, 4096).error, ESTALE);
  EXPECT_THAT(Notifications(1), ElementsAre("expire 1/f"));
  EXPECT_EQ(kernel_.Read(NodeOf("f"), 0, 4096).data, "new");
}

TEST_F(ReadsTest, TheNameOfAFileThatIsGoneExpires) {
  source_.AddFile("f", "bytes");
  Start();
  const uint64_t f = NodeOf("f");
  source_.Remove("f");
  EXPECT_EQ(kernel_.Read(f, 0, 4096).error, ENOENT);
  EXPECT_THAT(Notifications(1), ElementsAre("expire 1/f"));
}

TEST_F(ReadsTest, ErrorsKeepTheirErrnoWhicheverBlockHasThem) {
  source_.AddFile("f", Content(kBlockBytes + 10));
  source_.AddDirectory("d");
  Start();
  const uint64_t f = NodeOf("f"), d = NodeOf("d");
  source_.FailWith(ErrnoStatus(EACCES, "f"));
  EXPECT_EQ(kernel_.Read(f, 0, 10).error, EACCES);
  EXPECT_EQ(kernel_.Read(f, kBlockBytes - 5, 10).error, EACCES);
  source_.FailWith(absl::UnavailableError("nobody"));
  EXPECT_EQ(kernel_.Read(f, 0, 10).error, EIO);
  EXPECT_EQ(kernel_.Read(d, 0, 10).error, EISDIR);
  EXPECT_EQ(kernel_.Read(12345, 0, 10).error, ESTALE);
}

TEST_F(ReadsTest, ManyReadsAreUnderWayAtOnceOnFewThreads) {
  source_.AddFile("f", "0123456789");
  Start({.threads = 2});
  const uint64_t f = NodeOf("f");
  source_.Hold();
  std::vector<uint64_t> requests;
  for (uint64_t i = 0; i < 64; ++i) requests.push_back(kernel_.SendRead(f, i % 10, 1));
  source_.WaitForHeld(64);
  source_.Release();
  for (uint64_t i = 0; i < 64; ++i) {
    EXPECT_EQ(kernel_.Wait(requests[i]).data, std::to_string(i % 10));
  }
}

TEST_F(ReadsTest, OpenIsLeftToTheKernel) {
  source_.AddFile("f", "x");
  Start();
  EXPECT_EQ(Open(NodeOf("f"), O_RDONLY).error, ENOSYS);
  EXPECT_EQ(kernel_.Ask(FUSE_OPENDIR, 1, BodyOf(fuse_open_in{})).error, ENOSYS);
}

TEST_F(ReadsTest, AMountWithoutRoChecksEachOpenItself) {
  source_.AddFile("f", "x");
  Start({.file_system = {.read_write_mount = true}});
  const uint64_t f = NodeOf("f");
  EXPECT_EQ(Open(f, O_WRONLY).error, EROFS);
  EXPECT_EQ(Open(f, O_RDWR).error, EROFS);
  EXPECT_EQ(Open(f, O_RDONLY | O_TRUNC).error, EROFS);
  const FakeKernel::Answer read_only = Open(f, O_RDONLY);
  EXPECT_EQ(read_only.error, 0);
  EXPECT_NE(read_only.As<fuse_open_out>().open_flags & FOPEN_KEEP_CACHE, 0u);
  EXPECT_EQ(read_only.As<fuse_open_out>().open_flags & FOPEN_DIRECT_IO, 0u);
}

TEST_F(ReadsTest, TheWholeFileIsDataWithAHoleAtItsEnd) {
  source_.AddFile("f", "0123456789");
  Start();
  const uint64_t f = NodeOf("f");
  EXPECT_EQ(Seek(f, 4, SEEK_DATA).As<fuse_lseek_out>().offset, 4u);
  EXPECT_EQ(Seek(f, 4, SEEK_HOLE).As<fuse_lseek_out>().offset, 10u);
  EXPECT_EQ(Seek(f, 10, SEEK_DATA).error, ENXIO);
  EXPECT_EQ(Seek(f, 10, SEEK_HOLE).error, ENXIO);
  EXPECT_EQ(Seek(f, 1, SEEK_SET).error, EINVAL);
  EXPECT_EQ(Seek(12345, 1, SEEK_DATA).error, ESTALE);
}

}  // namespace
}  // namespace coppice
