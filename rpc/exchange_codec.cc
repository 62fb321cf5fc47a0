#include "rpc/exchange_codec.h"

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

// Protobuf's encoding (https://protobuf.dev/programming-guides/encoding) of the tags of what is
// preceded by its length: the elements of both messages, and the reply within an answer.
constexpr char kElementTag = 1 * 8 + 2;
constexpr char kReplyTag = 15 * 8 + 2;
constexpr size_t kVarintBytesMax = 10;

// An answer up to this size is copied. A larger one is sent from where it lies.
constexpr size_t kCopiedReplyBytesMax = 16 << 10;

void AppendVarint(size_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

size_t VarintBytes(size_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

// The element's tag and length, before an answer of `bytes` bytes.
std::string ElementHeader(size_t bytes) {
  std::string header;
  header.reserve(1 + kVarintBytesMax);
  header.push_back(kElementTag);
  AppendVarint(bytes, &header);
  return header;
}

absl::Status CheckCount(int count) {
  if (count >= 1 && static_cast<size_t>(count) <= kExchangePackMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a message of a stream with ", count,
                                                 " elements instead of 1 to ", kExchangePackMax));
}

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

std::string EncodeExchangeRequest(const v1::ExchangeRequest& request) {
  std::string element = ElementHeader(request.ByteSizeLong());
  request.AppendToString(&element);
  return element;
}

ExchangeElement EncodeExchangeReply(uint64_t number, const absl::Status& status,
                                    const grpc::ByteBuffer& reply) {
  ExchangeElement element;
  v1::ExchangeReply envelope;
  envelope.set_number(number);
  if (!status.ok()) {
    envelope.set_code(static_cast<uint32_t>(status.code()));
    envelope.set_error(std::string(status.message().substr(0, kStatusMessageBytesMax)));
    if (HasErrno(status)) envelope.set_error_number(static_cast<uint32_t>(StatusErrno(status)));
    std::string bytes = ElementHeader(envelope.ByteSizeLong());
    envelope.AppendToString(&bytes);
    element.slices = {grpc::Slice(bytes)};
    element.bytes = bytes.size();
    return element;
  }
  const size_t length = reply.Length();
  const size_t answer_bytes = envelope.ByteSizeLong() + 1 + VarintBytes(length) + length;
  std::string header = ElementHeader(answer_bytes);
  envelope.AppendToString(&header);
  header.push_back(kReplyTag);
  AppendVarint(length, &header);
  std::vector<grpc::Slice> slices;
  if (!reply.Dump(&slices).ok()) slices.clear();  // not so: our replies are valid buffers
  element.bytes = header.size() + length;
  if (length > kCopiedReplyBytesMax) {
    element.slices = {grpc::Slice(header)};
    for (grpc::Slice& slice : slices) element.slices.push_back(std::move(slice));
    return element;
  }
  grpc::Slice copy(element.bytes);
  // Ours alone until it is sent.
  auto* out = const_cast<uint8_t*>(copy.begin());
  out = std::copy(header.begin(), header.end(), out);
  for (const grpc::Slice& slice : slices) out = std::copy(slice.begin(), slice.end(), out);
  element.slices = {std::move(copy)};
  return element;
}

absl::StatusOr<v1::ExchangeRequests> DecodeExchangeRequests(const grpc::ByteBuffer& bytes) {
  v1::ExchangeRequests message;
  if (!DecodeMessage(bytes, &message)) {
    return absl::InvalidArgumentError("a malformed message of requests on a stream");
  }
  if (absl::Status counted = CheckCount(message.requests_size()); !counted.ok()) return counted;
  for (const v1::ExchangeRequest& request : message.requests()) {
    if (request.number() == 0) {
      return absl::InvalidArgumentError("a request without a number on a stream");
    }
  }
  return message;
}

absl::StatusOr<v1::ExchangeReplies> DecodeExchangeReplies(const grpc::ByteBuffer& bytes) {
  v1::ExchangeReplies message;
  if (!DecodeMessage(bytes, &message)) {
    return absl::InvalidArgumentError("a malformed message of answers on a stream");
  }
  if (absl::Status counted = CheckCount(message.replies_size()); !counted.ok()) return counted;
  return message;
}

absl::Status ExchangeStatus(const v1::ExchangeReply& reply) {
  if (reply.code() == 0) return absl::OkStatus();
  return AnsweredStatus(static_cast<int>(reply.code()), reply.error(),
                        static_cast<int>(reply.error_number()));
}

}  // namespace coppice
