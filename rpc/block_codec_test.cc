#include "rpc/block_codec.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/crc32c.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/peer.pb.h"

namespace coppice {
namespace {

using testing::HasSubstr;

// A failure prints the seed; COPPICE_TEST_SEED takes it back.
class BlockCodecTest : public testing::Test {
 protected:
  BlockCodecTest() {
    const char* given = std::getenv("COPPICE_TEST_SEED");
    const unsigned long seed =
        given != nullptr ? std::strtoul(given, nullptr, 10) : std::random_device()();
    std::printf("COPPICE_TEST_SEED=%lu\n", seed);
    random_.seed(seed);
  }

  size_t Below(size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
  }

  std::string RandomBytes(size_t size) {
    std::string bytes(size, '\0');
    std::generate(bytes.begin(), bytes.end(), [this] { return static_cast<char>(Below(256)); });
    return bytes;
  }

  // Cut anywhere, empty slices too.
  grpc::ByteBuffer Sliced(const std::string& text) {
    std::vector<grpc::Slice> slices;
    for (size_t start = 0; start < text.size() || slices.empty();) {
      const size_t size = std::min(text.size() - start, Below(Below(2) == 0 ? 3 : 5000));
      slices.emplace_back(text.data() + start, size);
      start += size;
    }
    return grpc::ByteBuffer(slices.data(), slices.size());
  }

  absl::StatusOr<BlockRef> Decode(const std::string& text, const BlockKey& key) {
    return DecodeBlock(Sliced(text), key, *allocator_);
  }

  std::mt19937_64 random_;
  std::unique_ptr<BlockAllocator> allocator_ = MakeHeapBlockAllocator();
};

BlockKey KeyOf(size_t size) {
  return {.path = Path::Parse("dir/file").value(), .version = {.id = 7, .size = size}};
}

BlockRef BlockOf(const std::string& bytes) {
  const auto memory = std::make_shared<std::string>(bytes);
  return std::make_shared<const Block>(std::shared_ptr<const char>(memory, memory->data()),
                                       bytes.size(), Crc32c(bytes));
}

std::string TextOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

std::string ReplyText(const std::string& bytes) {
  v1::ReadReply reply;
  reply.set_crc32c(Crc32c(bytes));
  reply.set_data(bytes);
  return reply.SerializeAsString();
}

TEST_F(BlockCodecTest, WhatIsEncodedIsWhatProtobufReads) {
  for (const size_t size : {size_t{1}, size_t{127}, size_t{128}, size_t{16383}, size_t{16384},
                            kBlockBytes - 1, kBlockBytes}) {
    const std::string bytes = RandomBytes(size);
    grpc::ByteBuffer buffer;
    EncodeBlock(BlockOf(bytes), &buffer);
    v1::ReadReply reply;
    ASSERT_TRUE(reply.ParseFromString(TextOf(buffer))) << size;
    EXPECT_TRUE(reply.data() == bytes) << size;
    EXPECT_EQ(reply.crc32c(), Crc32c(bytes));
    EXPECT_EQ(reply.ByteSizeLong(), buffer.Length());
  }
}

TEST_F(BlockCodecTest, WhatProtobufWritesIsDecodedHoweverItIsSliced) {
  for (int round = 0; round < 200; ++round) {
    const std::string bytes = RandomBytes(1 + Below(round % 10 == 0 ? kBlockBytes : 3000));
    const auto block = Decode(ReplyText(bytes), KeyOf(bytes.size()));
    ASSERT_TRUE(block.ok()) << block.status();
    EXPECT_TRUE(std::string((*block)->bytes().data(), (*block)->size()) == bytes);
    EXPECT_EQ((*block)->crc32c(), Crc32c(bytes));
  }
}

TEST_F(BlockCodecTest, ABlockIsSentFromItsOwnMemoryWhichLivesUntilItIsSent) {
  BlockRef block = BlockOf(RandomBytes(kBlockBytes));
  const char* const memory = block->bytes().data();
  const std::weak_ptr<const Block> alive = block;
  {
    grpc::ByteBuffer buffer;
    EncodeBlock(std::move(block), &buffer);
    std::vector<grpc::Slice> slices;
    ASSERT_TRUE(buffer.Dump(&slices).ok());
    ASSERT_EQ(slices.size(), 2u);
    EXPECT_EQ(reinterpret_cast<const char*>(slices[1].begin()), memory);
    EXPECT_FALSE(alive.expired());
  }
  EXPECT_TRUE(alive.expired());
}

TEST_F(BlockCodecTest, UnknownFieldsOfEveryWireTypeAreSkipped) {
  const std::string bytes = RandomBytes(1000);
  const std::string unknown = std::string("\x10\xff\x01", 3) +            // 2: varint
                              std::string("\x19\1\2\3\4\5\6\7\x08", 9) +  // 3: 64 bits
                              std::string(
                                  "\x22\x03"  // 4: bytes
                                  "abc",
                                  5) +
                              std::string("\x2d\1\2\3\4", 5) +  // 5: 32 bits
                              std::string("\xa2\x06\x00", 3);   // 100: no bytes
  const std::string text = unknown + ReplyText(bytes) + unknown;
  v1::ReadReply reply;
  ASSERT_TRUE(reply.ParseFromString(text));
  const auto block = Decode(text, KeyOf(bytes.size()));
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_TRUE(std::string((*block)->bytes().data(), (*block)->size()) == bytes);
}

TEST_F(BlockCodecTest, TheChecksumMayComeAfterTheData) {
  v1::ReadReply checksum;
  checksum.set_crc32c(Crc32c(std::string("abc")));
  v1::ReadReply data;
  data.set_data("abc");
  EXPECT_TRUE(Decode(data.SerializeAsString() + checksum.SerializeAsString(), KeyOf(3)).ok());
}

TEST_F(BlockCodecTest, AChecksumOfZeroIsLeftOutAndStillRight) {
  // Four bytes whose CRC32C is 0.
  const std::string bytes = "\xab\x9b\xe0\x9b";
  ASSERT_EQ(Crc32c(bytes), 0u);
  EXPECT_TRUE(Decode(ReplyText(bytes), KeyOf(bytes.size())).ok());
}

TEST_F(BlockCodecTest, EveryTruncationIsDataLoss) {
  const std::string text = ReplyText(RandomBytes(300));
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(Decode(text.substr(0, size), KeyOf(300)).status())) << size;
  }
}

TEST_F(BlockCodecTest, EveryFlippedBitIsDataLossOrHarmless) {
  const std::string bytes = RandomBytes(100);
  const std::string text = ReplyText(bytes);
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string broken = text;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    const auto block = Decode(broken, KeyOf(bytes.size()));
    if (block.ok()) {
      EXPECT_TRUE(std::string((*block)->bytes().data(), (*block)->size()) == bytes) << bit;
    } else {
      EXPECT_TRUE(absl::IsDataLoss(block.status())) << block.status();
    }
  }
}

TEST_F(BlockCodecTest, GarbageIsDataLoss) {
  for (int round = 0; round < 5000; ++round) {
    const std::string garbage = RandomBytes(Below(200));
    EXPECT_TRUE(absl::IsDataLoss(Decode(garbage, KeyOf(64)).status()));
  }
}

TEST_F(BlockCodecTest, AWrongLengthNamesThePathAndTheIndex) {
  BlockKey key = KeyOf(2 * kBlockBytes + 5);
  key.index = 2;
  const absl::Status status = Decode(ReplyText("123456"), key).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("block 2 of 'dir/file' came wrong: 6 bytes instead of 5"));
}

TEST_F(BlockCodecTest, AWrongChecksumIsDataLoss) {
  v1::ReadReply reply;
  reply.set_crc32c(1);
  reply.set_data("abc");
  const absl::Status status = Decode(reply.SerializeAsString(), KeyOf(3)).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("instead of 00000001"));
}

TEST_F(BlockCodecTest, NoMessageIsDataLoss) {
  EXPECT_TRUE(absl::IsDataLoss(DecodeBlock(grpc::ByteBuffer(), KeyOf(3), *allocator_).status()));
}

TEST_F(BlockCodecTest, WithoutMemoryTheErrorIsTheAllocators) {
  class NoMemory final : public BlockAllocator {
    absl::StatusOr<std::shared_ptr<char>> Allocate(size_t) override {
      return ErrnoStatus(ENOMEM, "allocate a block");
    }
  };
  NoMemory none;
  EXPECT_EQ(StatusErrno(DecodeBlock(Sliced(ReplyText("abc")), KeyOf(3), none).status()), ENOMEM);
}

}  // namespace
}  // namespace coppice
