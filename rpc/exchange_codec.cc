#include "rpc/exchange_codec.h"

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <string>
#include <utility>
#include <vector>

#include "common/status.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

// Protobuf's encoding (https://protobuf.dev/programming-guides/encoding) of a `bytes` field's tag.
constexpr char kReplyTag = 15 * 8 + 2;

}  // namespace

grpc::ByteBuffer EncodeMessage(const google::protobuf::MessageLite& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

bool DecodeMessage(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  grpc::ByteBuffer read = bytes;  // shares the slices
  grpc::ProtoBufferReader reader(&read);
  return reader.status().ok() && message->ParseFromZeroCopyStream(&reader);
}

grpc::ByteBuffer EncodeExchangeReply(uint64_t number, const absl::Status& status,
                                     const grpc::ByteBuffer& reply) {
  v1::ExchangeReply envelope;
  envelope.set_number(number);
  if (!status.ok()) {
    envelope.set_code(static_cast<uint32_t>(status.code()));
    envelope.set_error(std::string(status.message().substr(0, kStatusMessageBytesMax)));
    if (HasErrno(status)) envelope.set_error_number(static_cast<uint32_t>(StatusErrno(status)));
    return EncodeMessage(envelope);
  }
  std::string header = envelope.SerializeAsString();
  header.push_back(kReplyTag);
  size_t length = reply.Length();
  for (; length >= 0x80; length >>= 7) header.push_back(static_cast<char>(length | 0x80));
  header.push_back(static_cast<char>(length));
  std::vector<grpc::Slice> slices;
  if (!reply.Dump(&slices).ok()) slices.clear();  // not so: our replies are valid buffers
  slices.insert(slices.begin(), grpc::Slice(header));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

absl::Status ExchangeStatus(const v1::ExchangeReply& reply) {
  if (reply.code() == 0) return absl::OkStatus();
  return AnsweredStatus(static_cast<int>(reply.code()), reply.error(),
                        static_cast<int>(reply.error_number()));
}

}  // namespace coppice
