// Server and link of the block memory, over a real socket.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "common/status.h"
#include "gtest/gtest.h"
#include "rpc/block_memory_link.h"
#include "rpc/block_memory_server.h"
#include "rpc/descriptor_passing.h"
#include "rpc/testing/wire_pair.h"

namespace coppice {
namespace {

constexpr size_t kCacheBytes = 4 << 20;

class BlockMemoryTest : public testing::Test {
 protected:
  BlockMemoryTest() { Start(); }

  void Start() {
    auto server = StartBlockMemoryServer(path_, *arena_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  BlockRef MakeBlock(char fill) {
    std::shared_ptr<char> memory = *arena_->Allocate(key_.version.size);
    std::memset(memory.get(), fill, key_.version.size);
    return std::make_shared<const Block>(std::move(memory), key_.version.size, 0);
  }
  uint64_t Clients() { return Counter("clients"); }
  uint64_t Counter(const std::string& name) { return arena_->Statistics().counters.at(name); }

  FileDescriptor RawConnection() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path_.c_str());
    FileDescriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(
        connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return connection;
  }

  const SocketDirectory directory_;
  const std::string path_ = directory_.path() + "/peer.sock.blocks";
  const std::unique_ptr<SharedBlockArena> arena_ = *MakeSharedBlockArena(kCacheBytes);
  std::unique_ptr<BlockMemoryServer> server_;
  const BlockKey key_{.path = *Path::Parse("f"), .version = {.id = 1, .size = 1000}};
};

TEST_F(BlockMemoryTest, AClientReadsWhatThePeerShows) {
  const auto shown = arena_->Publish(key_, MakeBlock('a'));
  auto link = BlockMemoryLink::Connect(path_);
  ASSERT_TRUE(link.ok()) << link.status();
  const FoundBlock found = (*link)->reader().Find(key_);
  ASSERT_NE(found.block, nullptr);
  EXPECT_EQ(found.block->bytes()[999], 'a');
}

TEST_F(BlockMemoryTest, PinsCountFromTheMomentThatTheLinkIsThere) {
  auto link = BlockMemoryLink::Connect(path_);
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_EQ(Clients(), 1);
  auto shown = arena_->Publish(key_, MakeBlock('a'));
  const BlockRef held = (*link)->reader().Find(key_).block;
  shown.reset();
  EXPECT_EQ(Counter("pinned"), 1);
}

TEST_F(BlockMemoryTest, WhoGoesLeavesNoPin) {
  auto link = *BlockMemoryLink::Connect(path_);
  auto shown = arena_->Publish(key_, MakeBlock('a'));
  const BlockRef held = link->reader().Find(key_).block;
  shown.reset();
  ASSERT_EQ(Counter("pinned"), 1);
  link.reset();
  // The server has heard of the end when it has taken the next client.
  const auto next = *BlockMemoryLink::Connect(path_);
  EXPECT_EQ(Clients(), 1);
  MakeBlock('b');
  EXPECT_EQ(Counter("pinned"), 0);
}

TEST_F(BlockMemoryTest, WhatWasFoundOutlivesThePeer) {
  auto link = *BlockMemoryLink::Connect(path_);
  auto shown = arena_->Publish(key_, MakeBlock('a'));
  server_.reset();
  const BlockRef held = link->reader().Find(key_).block;
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(held->bytes()[0], 'a');
}

TEST_F(BlockMemoryTest, WithoutAPeerThereIsAnError) {
  server_.reset();
  EXPECT_EQ(StatusErrno(BlockMemoryLink::Connect(path_).status()), ENOENT);
  EXPECT_EQ(StatusErrno(BlockMemoryLink::Connect(std::string(200, 'x')).status()), ENAMETOOLONG);
}

TEST_F(BlockMemoryTest, TheSocketIsOursAloneAndGoesWithTheServer) {
  struct stat attributes;
  ASSERT_EQ(lstat(path_.c_str(), &attributes), 0);
  EXPECT_EQ(attributes.st_mode & 07777, 0600u);
  server_.reset();
  EXPECT_EQ(lstat(path_.c_str(), &attributes), -1);
}

TEST_F(BlockMemoryTest, TwoServersDoNotShareASocket) {
  EXPECT_EQ(StatusErrno(StartBlockMemoryServer(path_, *arena_).status()), EADDRINUSE);
}

TEST_F(BlockMemoryTest, WhoTalksNonsenseIsCutOffAndHarmsNobody) {
  auto link = *BlockMemoryLink::Connect(path_);
  const FileDescriptor silent = RawConnection();
  const FileDescriptor nonsense = RawConnection();
  const auto memory = ReceiveDescriptor(nonsense.get());
  ASSERT_TRUE(memory.ok());
  ASSERT_EQ(send(nonsense.get(), "hello", 5, 0), 5);
  char byte = 0;
  EXPECT_LE(recv(nonsense.get(), &byte, 1, 0), 0) << "the peer went on listening";
  const FileDescriptor wrong_memory = RawConnection();
  ASSERT_TRUE(ReceiveDescriptor(wrong_memory.get()).ok());
  ASSERT_TRUE(SendDescriptor(wrong_memory.get(), STDIN_FILENO).ok());
  EXPECT_LE(recv(wrong_memory.get(), &byte, 1, 0), 0);
  EXPECT_EQ(Clients(), 1);
  EXPECT_TRUE(BlockMemoryLink::Connect(path_).ok());
}

TEST_F(BlockMemoryTest, TooManyClientsAreRefused) {
  std::vector<std::unique_ptr<BlockMemoryLink>> links;
  for (size_t i = 0; i < kSharedBlockClientsMax; ++i) {
    links.push_back(*BlockMemoryLink::Connect(path_));
  }
  EXPECT_FALSE(BlockMemoryLink::Connect(path_).ok());
}

}  // namespace
}  // namespace coppice
