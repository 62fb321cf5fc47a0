// The messages of a stream of Peer.Exchange (proto/peer.proto), in gRPC's buffers.
//
// Thread-safe: pure functions.
#ifndef COPPICE_RPC_EXCHANGE_CODEC_H_
#define COPPICE_RPC_EXCHANGE_CODEC_H_

#include <cstdint>

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

// The answer to request `number`: a failure, or the reply of its method, whose slices are sent as
// they are, without a copy.
grpc::ByteBuffer EncodeExchangeReply(uint64_t number, const absl::Status& status,
                                     const grpc::ByteBuffer& reply);

// What an answer says of how its request went.
absl::Status ExchangeStatus(const v1::ExchangeReply& reply);

}  // namespace coppice

#endif  // COPPICE_RPC_EXCHANGE_CODEC_H_
