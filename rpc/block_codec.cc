#include "rpc/block_codec.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/crc32c.h"

namespace coppice {
namespace {

// Protobuf's encoding (https://protobuf.dev/programming-guides/encoding): a field is a varint tag,
// number * 8 + wire type, and its value.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
constexpr uint64_t kCrc32cTag = 1 * 8 + kFixed32;
constexpr uint64_t kSharedTag = 2 * 8 + kVarint;
constexpr uint64_t kDataTag = 15 * 8 + kBytes;
constexpr uint64_t kFieldNumberMax = (uint64_t{1} << 29) - 1;
constexpr int kVarintBytesMax = 10;
constexpr size_t kFixed32Bytes = 4;
constexpr size_t kFixed64Bytes = 8;
// Tag, checksum, tag, and the length as a varint of at most 32 bits.
constexpr size_t kHeaderBytesMax = 1 + kFixed32Bytes + 1 + 5;

// Reads forward through the slices of a message. False from a method: the message ended too early,
// or is malformed.
class SliceReader {
 public:
  explicit SliceReader(const std::vector<grpc::Slice>& slices) : slices_(slices) {
    for (const grpc::Slice& slice : slices_) bytes_left_ += slice.size();
  }

  size_t bytes_left() const { return bytes_left_; }

  // `out` may be null, to skip.
  bool Take(size_t size, char* out) {
    if (size > bytes_left_) return false;
    bytes_left_ -= size;
    while (size > 0) {
      const grpc::Slice& slice = slices_[slice_];
      const size_t part = std::min(size, slice.size() - offset_);
      if (out != nullptr && part > 0) {
        std::memcpy(out, slice.begin() + offset_, part);
        out += part;
      }
      size -= part;
      offset_ += part;
      if (offset_ == slice.size()) {
        ++slice_;
        offset_ = 0;
      }
    }
    return true;
  }

  bool TakeVarint(uint64_t* value) {
    *value = 0;
    for (int i = 0; i < kVarintBytesMax; ++i) {
      char byte = 0;
      if (!Take(1, &byte)) return false;
      const auto bits = static_cast<uint8_t>(byte);
      *value |= static_cast<uint64_t>(bits & 0x7f) << (7 * i);
      if ((bits & 0x80) == 0) return true;
    }
    return false;
  }

  bool TakeFixed32(uint32_t* value) {
    std::array<char, kFixed32Bytes> bytes;
    if (!Take(bytes.size(), bytes.data())) return false;
    *value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      *value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
    }
    return true;
  }

  bool SkipField(uint64_t tag) {
    uint64_t value = 0;
    switch (tag & 7) {
      case kVarint:
        return TakeVarint(&value);
      case kFixed64:
        return Take(kFixed64Bytes, nullptr);
      case kBytes:
        return TakeVarint(&value) && value <= bytes_left_ &&
               Take(static_cast<size_t>(value), nullptr);
      case kFixed32:
        return Take(kFixed32Bytes, nullptr);
      default:  // groups, which proto3 does not have
        return false;
    }
  }

 private:
  const std::vector<grpc::Slice>& slices_;
  size_t slice_ = 0;   // where reading goes on: this slice,
  size_t offset_ = 0;  // at this byte
  size_t bytes_left_ = 0;
};

absl::Status Lost(const BlockKey& key, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("block ", key.index, " of '", key.path.text(), "' came wrong: ", what));
}

void DropBlock(void* block) { delete static_cast<BlockRef*>(block); }

}  // namespace

void EncodeBlock(BlockRef block, grpc::ByteBuffer* reply) {
  std::array<char, kHeaderBytesMax> header;
  size_t size = 0;
  header[size++] = static_cast<char>(kCrc32cTag);
  for (size_t i = 0; i < kFixed32Bytes; ++i) {
    header[size++] = static_cast<char>(block->crc32c() >> (8 * i));
  }
  header[size++] = static_cast<char>(kDataTag);
  size_t length = block->size();
  for (; length >= 0x80; length >>= 7) header[size++] = static_cast<char>(length | 0x80);
  header[size++] = static_cast<char>(length);

  const absl::Span<const char> bytes = block->bytes();
  // gRPC asks for mutable memory in all its slices, and does not write to those that it sends.
  const std::array<grpc::Slice, 2> slices = {
      grpc::Slice(header.data(), size), grpc::Slice(const_cast<char*>(bytes.data()), bytes.size(),
                                                    &DropBlock, new BlockRef(std::move(block)))};
  grpc::ByteBuffer buffer(slices.data(), slices.size());
  reply->Swap(&buffer);
}

void EncodeSharedBlock(grpc::ByteBuffer* reply) {
  const std::array<char, 2> message = {static_cast<char>(kSharedTag), 1};
  const grpc::Slice slice(message.data(), message.size());
  grpc::ByteBuffer buffer(&slice, 1);
  reply->Swap(&buffer);
}

absl::StatusOr<BlockRef> DecodeBlock(const grpc::ByteBuffer& reply, const BlockKey& key,
                                     BlockAllocator& allocator) {
  std::vector<grpc::Slice> slices;
  if (!reply.Valid() || !reply.Dump(&slices).ok()) return Lost(key, "no message");
  SliceReader reader(slices);
  const size_t length = key.LengthBytes();
  uint32_t crc32c = 0;  // what protobuf leaves out is 0
  std::shared_ptr<char> memory;
  while (reader.bytes_left() > 0) {
    uint64_t tag = 0;
    if (!reader.TakeVarint(&tag) || tag >> 3 == 0 || tag >> 3 > kFieldNumberMax) {
      return Lost(key, "malformed tag");
    }
    if (tag == kCrc32cTag) {
      if (!reader.TakeFixed32(&crc32c)) return Lost(key, "truncated checksum");
    } else if (tag == kDataTag) {
      uint64_t size = 0;
      if (!reader.TakeVarint(&size) || size > reader.bytes_left()) {
        return Lost(key, "truncated data");
      }
      if (size != length) return Lost(key, absl::StrCat(size, " bytes instead of ", length));
      // A field that comes twice counts the last time; the memory of the first does for both.
      if (memory == nullptr) {
        auto allocated = allocator.Allocate(length);
        if (!allocated.ok()) return allocated.status();
        memory = *std::move(allocated);
      }
      reader.Take(length, memory.get());
    } else if (!reader.SkipField(tag)) {
      return Lost(key, "malformed field");
    }
  }
  if (memory == nullptr) return Lost(key, "no data");
  if (const uint32_t actual = Crc32c({memory.get(), length}); actual != crc32c) {
    return Lost(key, absl::StrCat("checksum ", absl::Hex(actual, absl::kZeroPad8), " instead of ",
                                  absl::Hex(crc32c, absl::kZeroPad8)));
  }
  return std::make_shared<const Block>(std::move(memory), length, crc32c);
}

}  // namespace coppice
