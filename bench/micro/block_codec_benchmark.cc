// A block of 1 MiB to the bytes of its message and back: encoding copies nothing, decoding copies
// once and checks the checksum. The checksum and the copy alone are floors beside it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "common/crc32c.h"
#include "grpcpp/support/byte_buffer.h"
#include "rpc/block_codec.h"
#include "source/block.h"
#include "source/block_allocator.h"

namespace coppice {
namespace {

// The data of one gRPC frame or so, as it arrives from a socket: an answer comes in about that many
// pieces.
constexpr size_t kSlicesReceived = 20;

BlockRef SomeBlock() {
  std::shared_ptr<char> memory(new char[kBlockBytes], std::default_delete<char[]>());
  std::memset(memory.get(), 'x', kBlockBytes);
  const uint32_t crc32c = Crc32c(absl::MakeConstSpan(memory.get(), kBlockBytes));
  return std::make_shared<Block>(std::move(memory), kBlockBytes, crc32c);
}

BlockKey KeyOfBlock() {
  return {.path = *Path::Parse("lib.so"), .version = {.id = 1, .size = kBlockBytes}};
}

// The message cut as a socket would have.
grpc::ByteBuffer Received(const BlockRef& block) {
  grpc::ByteBuffer sent;
  EncodeBlock(block, &sent);
  grpc::Slice whole;
  if (!sent.DumpToSingleSlice(&whole).ok()) return {};
  std::vector<grpc::Slice> pieces;
  const size_t piece_bytes = whole.size() / kSlicesReceived + 1;
  for (size_t start = 0; start < whole.size(); start += piece_bytes) {
    pieces.push_back(whole.sub(start, std::min(start + piece_bytes, whole.size())));
  }
  return grpc::ByteBuffer(pieces.data(), pieces.size());
}

void Encode(benchmark::State& state) {
  const BlockRef block = SomeBlock();
  for (auto _ : state) {
    grpc::ByteBuffer reply;
    EncodeBlock(block, &reply);
    benchmark::DoNotOptimize(reply);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kBlockBytes));
}
BENCHMARK(Encode)->Name("block_codec/encode_1MiB");

void Decode(benchmark::State& state) {
  const grpc::ByteBuffer reply = Received(SomeBlock());
  const BlockKey key = KeyOfBlock();
  const auto allocator = MakeHeapBlockAllocator();
  for (auto _ : state) {
    const auto block = DecodeBlock(reply, key, *allocator);
    if (!block.ok()) {
      state.SkipWithError("does not decode");
      break;
    }
    benchmark::DoNotOptimize(block);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kBlockBytes));
}
BENCHMARK(Decode)->Name("block_codec/decode_1MiB");

// The same allocation and copy with nothing around it.
void Copy(benchmark::State& state) {
  const BlockRef block = SomeBlock();
  const auto allocator = MakeHeapBlockAllocator();
  for (auto _ : state) {
    const auto memory = allocator->Allocate(kBlockBytes);
    if (!memory.ok()) {
      state.SkipWithError("no memory");
      break;
    }
    std::memcpy(memory->get(), block->bytes().data(), kBlockBytes);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kBlockBytes));
}
BENCHMARK(Copy)->Name("block_codec/floor_allocate_and_copy_1MiB");

}  // namespace
}  // namespace coppice
