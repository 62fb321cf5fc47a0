// A block as the bytes of a ReadReply message (proto/peer.proto), without copying it.
//
// The wire is plain protobuf, so that any client can read it. We only make and take the message
// apart by hand: protobuf's own `bytes` field costs two copies of each block.
//
// Thread-safe: pure functions.
#ifndef COPPICE_RPC_BLOCK_CODEC_H_
#define COPPICE_RPC_BLOCK_CODEC_H_

#include "absl/status/statusor.h"
#include "source/block.h"
#include "source/block_allocator.h"

namespace grpc {
class ByteBuffer;
}  // namespace grpc

namespace coppice {

// A few header bytes, then a slice over the block's own memory, which holds a reference to the
// block until gRPC has sent it. REQUIRES: block is not null.
void EncodeBlock(BlockRef block, grpc::ByteBuffer* reply);

// The answer that the block lies in shared memory, without it.
void EncodeSharedBlock(grpc::ByteBuffer* reply);

// The block that was asked for as `key`, copied once, into memory of the allocator. DATA_LOSS,
// naming path and index, when the message does not parse, has not key.LengthBytes() bytes of data
// or another checksum than they have; ENOMEM as the allocator. Fields that we do not know are
// skipped.
absl::StatusOr<BlockRef> DecodeBlock(const grpc::ByteBuffer& reply, const BlockKey& key,
                                     BlockAllocator& allocator);

}  // namespace coppice

#endif  // COPPICE_RPC_BLOCK_CODEC_H_
