#include "rpc/exchange_codec.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cerrno>
#include <string>
#include <vector>

#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer Join(const std::vector<ExchangeElement>& elements) {
  std::vector<grpc::Slice> slices;
  for (const ExchangeElement& element : elements) {
    slices.insert(slices.end(), element.slices.begin(), element.slices.end());
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

v1::ExchangeRequest RequestOf(uint64_t number) {
  v1::ExchangeRequest request;
  request.set_number(number);
  request.set_method(v1::EXCHANGE_METHOD_READ);
  request.set_request(std::string(300, 'q'));
  return request;
}

TEST(ExchangeCodecTest, RequestsOneAfterTheOtherAreOneMessage) {
  const auto message = DecodeExchangeRequests(BufferOf(
      EncodeExchangeRequest(RequestOf(7)) + EncodeExchangeRequest(RequestOf(uint64_t{1} << 60))));
  ASSERT_TRUE(message.ok()) << message.status();
  ASSERT_EQ(message->requests_size(), 2);
  EXPECT_EQ(message->requests(0).SerializeAsString(), RequestOf(7).SerializeAsString());
  EXPECT_EQ(message->requests(1).number(), uint64_t{1} << 60);
}

TEST(ExchangeCodecTest, AnswersOfEverySizeAreOneMessage) {
  // Around where the lengths get another digit, and where a reply is no longer copied.
  const std::vector<size_t> sizes = {0, 1, 127, 128, 16'383, 16'384, 16'385, 1 << 20};
  std::vector<ExchangeElement> elements;
  for (size_t i = 0; i < sizes.size(); ++i) {
    elements.push_back(EncodeExchangeReply(i + 1, absl::OkStatus(),
                                           BufferOf(std::string(sizes[i], static_cast<char>(i)))));
    size_t bytes = 0;
    for (const grpc::Slice& slice : elements.back().slices) bytes += slice.size();
    EXPECT_EQ(elements.back().bytes, bytes);
  }
  elements.push_back(EncodeExchangeReply(99, ErrnoStatus(EACCES, "lstat"), {}));
  const auto message = DecodeExchangeReplies(Join(elements));
  ASSERT_TRUE(message.ok()) << message.status();
  ASSERT_EQ(message->replies_size(), static_cast<int>(sizes.size()) + 1);
  for (size_t i = 0; i < sizes.size(); ++i) {
    const v1::ExchangeReply& reply = message->replies(static_cast<int>(i));
    EXPECT_EQ(reply.number(), i + 1);
    EXPECT_EQ(reply.reply(), std::string(sizes[i], static_cast<char>(i)));
    EXPECT_TRUE(ExchangeStatus(reply).ok());
  }
  const v1::ExchangeReply& failure = message->replies(static_cast<int>(sizes.size()));
  EXPECT_EQ(failure.number(), 99u);
  EXPECT_EQ(StatusErrno(ExchangeStatus(failure)), EACCES);
}

TEST(ExchangeCodecTest, ALargeReplyIsSentFromWhereItLies) {
  const std::string large(17 << 10, 'x');
  const grpc::Slice slice(large.data(), large.size(), grpc::Slice::STATIC_SLICE);
  const ExchangeElement element =
      EncodeExchangeReply(1, absl::OkStatus(), grpc::ByteBuffer(&slice, 1));
  ASSERT_EQ(element.slices.size(), 2u);
  EXPECT_EQ(static_cast<const void*>(element.slices[1].begin()), large.data());
}

TEST(ExchangeCodecTest, AMessageThatCannotBeIsRefusedAndSaysWhy) {
  std::string too_many;
  for (size_t i = 0; i <= kExchangePackMax; ++i)
    too_many += EncodeExchangeRequest(RequestOf(i + 1));
  std::string cut = EncodeExchangeRequest(RequestOf(1)) + EncodeExchangeRequest(RequestOf(2));
  cut.pop_back();
  const std::string unnumbered =
      EncodeExchangeRequest(RequestOf(1)) + EncodeExchangeRequest(RequestOf(0));
  for (const std::string& bytes : {std::string(), too_many, cut, unnumbered}) {
    const absl::Status status = DecodeExchangeRequests(BufferOf(bytes)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_NE(status.message().find("stream"), std::string::npos) << status;
  }
  std::vector<ExchangeElement> answers(kExchangePackMax + 1,
                                       EncodeExchangeReply(1, absl::OkStatus(), {}));
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeExchangeReplies(Join(answers)).status()));
  answers.pop_back();
  EXPECT_TRUE(DecodeExchangeReplies(Join(answers)).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeExchangeReplies(BufferOf("")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeExchangeReplies(BufferOf("\xff")).status()));
}

}  // namespace
}  // namespace coppice
