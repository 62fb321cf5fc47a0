// The messages of a stream of Peer.Exchange (proto/peer.proto), in gRPC's buffers.
//
// Thread-safe: pure functions.
#ifndef COPPICE_RPC_EXCHANGE_CODEC_H_
#define COPPICE_RPC_EXCHANGE_CODEC_H_

#include <grpcpp/support/slice.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/peer.pb.h"

namespace google::protobuf {
class MessageLite;
}  // namespace google::protobuf

namespace grpc {
class ByteBuffer;
}  // namespace grpc

namespace coppice {

grpc::ByteBuffer EncodeMessage(const google::protobuf::MessageLite& message);

// False: the bytes are no such message.
bool DecodeMessage(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message);

// A message of the stream carries at most this many requests, or answers; and at most so many
// bytes, but for a single one that is larger. What is ready meanwhile waits for the next.
inline constexpr size_t kExchangePackMax = 64;
inline constexpr size_t kExchangePackBytesMax = 256 << 10;

// Elements of ExchangeRequests or ExchangeReplies, encoded. The encodings of several, one after the
// other, are those of all in one message.
struct ExchangeElement {
  absl::InlinedVector<grpc::Slice, 1> slices;
  size_t bytes = 0;
};

std::string EncodeExchangeRequest(const v1::ExchangeRequest& request);

// The answer to request `number`: a failure, or the reply of its method. The slices of a large
// reply are sent as they are, without a copy; for a small one a copy is cheaper.
ExchangeElement EncodeExchangeReply(uint64_t number, const absl::Status& status,
                                    const grpc::ByteBuffer& reply);

// INVALID_ARGUMENT: not what proto/peer.proto says of such a message.
absl::StatusOr<v1::ExchangeRequests> DecodeExchangeRequests(const grpc::ByteBuffer& bytes);
absl::StatusOr<v1::ExchangeReplies> DecodeExchangeReplies(const grpc::ByteBuffer& bytes);

// What an answer says of how its request went.
absl::Status ExchangeStatus(const v1::ExchangeReply& reply);

}  // namespace coppice

#endif  // COPPICE_RPC_EXCHANGE_CODEC_H_
