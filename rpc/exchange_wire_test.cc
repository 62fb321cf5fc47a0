// Streams of Peer.Exchange as a client of another make might use them.
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "proto/peer.grpc.pb.h"
#include "rpc/alarm_timer.h"
#include "rpc/codec.h"
#include "rpc/exchange_codec.h"
#include "rpc/testing/wire_pair.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

// A client that uses the messages as they are.
class PlainExchangeTest : public testing::Test {
 protected:
  PlainExchangeTest() { memory_.AddFile("file", "the bytes"); }

  uint64_t Counter(const std::string& name) {
    return pair_.service().Statistics().counters.at(name);
  }

  bool Send(const std::vector<v1::ExchangeRequest>& requests) {
    v1::ExchangeRequests message;
    for (const v1::ExchangeRequest& request : requests) *message.add_requests() = request;
    return stream_->Write(message);
  }

  v1::ExchangeReply Ask(const v1::ExchangeRequest& request) {
    v1::ExchangeReplies message;
    EXPECT_TRUE(Send({request}));
    EXPECT_TRUE(stream_->Read(&message));
    EXPECT_EQ(message.replies_size(), 1);
    EXPECT_EQ(message.replies(0).number(), request.number());
    return message.replies(0);
  }

  // The numbers of the answers of the next message.
  std::vector<uint64_t> NextNumbers() {
    v1::ExchangeReplies message;
    EXPECT_TRUE(stream_->Read(&message));
    std::vector<uint64_t> numbers;
    for (const v1::ExchangeReply& reply : message.replies()) {
      EXPECT_EQ(reply.code(), 0u) << reply.error();
      numbers.push_back(reply.number());
    }
    return numbers;
  }

  static v1::ExchangeRequest GetAttrOf(uint64_t number) {
    v1::GetAttrRequest get_attr;
    get_attr.set_path("file");
    v1::ExchangeRequest request = RequestOf(v1::EXCHANGE_METHOD_GET_ATTR, get_attr);
    request.set_number(number);
    return request;
  }

  v1::ExchangeRequest ReadOf(uint64_t number, const std::string& name) {
    v1::ReadRequest read;
    EncodeBlockKey(memory_.KeyOf(name, 0), &read);
    v1::ExchangeRequest request = RequestOf(v1::EXCHANGE_METHOD_READ, read);
    request.set_number(number);
    return request;
  }

  // The stream ends because of what was sent, none of which was taken.
  void ExpectRefused() {
    v1::ExchangeReplies message;
    EXPECT_FALSE(stream_->Read(&message));
    const grpc::Status status = stream_->Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_NE(status.error_message().find("stream"), std::string::npos) << status.error_message();
    EXPECT_EQ(Counter("get_attr"), 0u);
  }

  static v1::ExchangeRequest RequestOf(v1::ExchangeMethod method,
                                       const google::protobuf::MessageLite& message) {
    v1::ExchangeRequest request;
    request.set_number(77);
    request.set_method(method);
    request.set_request(message.SerializeAsString());
    return request;
  }

  RealClock clock_;
  std::unique_ptr<Timer> timer_ = MakeAlarmTimer();
  MemorySource memory_{clock_};
  WirePair pair_{memory_, clock_, *timer_};
  grpc::ClientContext context_;
  std::unique_ptr<v1::Peer::Stub> stub_ = v1::Peer::NewStub(pair_.channels().control);
  std::unique_ptr<grpc::ClientReaderWriter<v1::ExchangeRequests, v1::ExchangeReplies>> stream_ =
      stub_->Exchange(&context_);
};

TEST_F(PlainExchangeTest, EachMethodAnswersAsItsCallDoes) {
  memory_.AddSymlink("link", "../target");
  v1::GetAttrRequest get_attr;
  get_attr.set_path("file");
  v1::GetAttrReply attributes;
  ASSERT_TRUE(
      attributes.ParseFromString(Ask(RequestOf(v1::EXCHANGE_METHOD_GET_ATTR, get_attr)).reply()));
  EXPECT_EQ(attributes.attributes().size(), 9u);
  v1::ReadDirPlusReply listing;
  ASSERT_TRUE(listing.ParseFromString(
      Ask(RequestOf(v1::EXCHANGE_METHOD_READ_DIR_PLUS, v1::ReadDirPlusRequest())).reply()));
  EXPECT_EQ(listing.entries_size(), 2);
  v1::ReadLinkRequest read_link;
  read_link.set_path("link");
  v1::ReadLinkReply target;
  ASSERT_TRUE(
      target.ParseFromString(Ask(RequestOf(v1::EXCHANGE_METHOD_READ_LINK, read_link)).reply()));
  EXPECT_EQ(target.target(), "../target");
  v1::ReadRequest read;
  read.set_path("file");
  *read.mutable_version() = attributes.attributes().version();
  v1::ReadReply block;
  ASSERT_TRUE(block.ParseFromString(Ask(RequestOf(v1::EXCHANGE_METHOD_READ, read)).reply()));
  EXPECT_EQ(block.data(), "the bytes");
  context_.TryCancel();
}

TEST_F(PlainExchangeTest, AFailureIsOfItsRequestAloneAndHasItsErrno) {
  v1::GetAttrRequest get_attr;
  get_attr.set_path("../etc");
  EXPECT_EQ(Ask(RequestOf(v1::EXCHANGE_METHOD_GET_ATTR, get_attr)).error_number(),
            static_cast<uint32_t>(EINVAL));
  v1::ExchangeRequest broken;
  broken.set_number(5);
  broken.set_method(v1::EXCHANGE_METHOD_READ);
  broken.set_request("\xff");
  EXPECT_EQ(Ask(broken).error_number(), static_cast<uint32_t>(EINVAL));
  EXPECT_EQ(Ask(RequestOf(v1::EXCHANGE_METHOD_UNSPECIFIED, get_attr)).code(),
            static_cast<uint32_t>(grpc::StatusCode::UNIMPLEMENTED));
  memory_.FailNext(Kind::kAttributes, ErrnoStatus(EACCES, "lstat"));
  get_attr.set_path("file");
  const v1::ExchangeReply denied = Ask(RequestOf(v1::EXCHANGE_METHOD_GET_ATTR, get_attr));
  EXPECT_EQ(denied.error_number(), static_cast<uint32_t>(EACCES));
  EXPECT_EQ(denied.code(), static_cast<uint32_t>(grpc::StatusCode::PERMISSION_DENIED));
  EXPECT_EQ(Ask(RequestOf(v1::EXCHANGE_METHOD_GET_ATTR, get_attr)).code(), 0u);
  context_.TryCancel();
}

TEST_F(PlainExchangeTest, ARequestWithoutANumberEndsTheStream) {
  ASSERT_TRUE(Send({GetAttrOf(1), v1::ExchangeRequest()}));
  ExpectRefused();
}

TEST_F(PlainExchangeTest, AMessageWithoutARequestEndsTheStream) {
  ASSERT_TRUE(Send({}));
  ExpectRefused();
}

TEST_F(PlainExchangeTest, AMessageOfTooManyRequestsEndsTheStream) {
  std::vector<v1::ExchangeRequest> requests;
  for (size_t i = 0; i <= kExchangePackMax; ++i) requests.push_back(GetAttrOf(i + 1));
  ASSERT_TRUE(Send(requests));
  ExpectRefused();
}

TEST_F(PlainExchangeTest, WhatWasTakenIsAnsweredBeforeAMalformedMessageEndsTheStream) {
  memory_.Hold(Kind::kAttributes);
  ASSERT_TRUE(Send({GetAttrOf(1), GetAttrOf(2)}));
  memory_.AwaitHeld(Kind::kAttributes, 2);
  ASSERT_TRUE(Send({}));
  memory_.Release(Kind::kAttributes);
  std::vector<uint64_t> numbers = NextNumbers();
  if (numbers.size() == 1) numbers.push_back(NextNumbers().at(0));
  EXPECT_EQ(numbers, (std::vector<uint64_t>{1, 2}));
  v1::ExchangeReplies message;
  EXPECT_FALSE(stream_->Read(&message));
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(PlainExchangeTest, RequestsOfOneMessageAreAnsweredInOne) {
  std::vector<v1::ExchangeRequest> requests;
  std::vector<uint64_t> expected;
  for (size_t i = 1; i <= kExchangePackMax; ++i) {
    requests.push_back(GetAttrOf(i));
    expected.push_back(i);
  }
  ASSERT_TRUE(Send(requests));
  EXPECT_EQ(NextNumbers(), expected);
  context_.TryCancel();
}

TEST_F(PlainExchangeTest, ARequestThatTakesLongerKeepsNoneOfItsMessageWaiting) {
  memory_.Hold(Kind::kBlock);
  ASSERT_TRUE(Send({GetAttrOf(1), ReadOf(2, "file"), GetAttrOf(3)}));
  EXPECT_EQ(NextNumbers(), (std::vector<uint64_t>{1, 3}));
  memory_.Release(Kind::kBlock);
  EXPECT_EQ(NextNumbers(), (std::vector<uint64_t>{2}));
  context_.TryCancel();
}

TEST_F(PlainExchangeTest, AnswersThatSomebodyWaitsForComeFirstAndInAMessageOfTheirOwn) {
  std::vector<v1::ExchangeRequest> requests;
  for (uint64_t i = 1; i <= 6; ++i) {
    requests.push_back(GetAttrOf(i));
    requests.back().set_speculative(i % 2 == 1);
  }
  ASSERT_TRUE(Send(requests));
  EXPECT_EQ(NextNumbers(), (std::vector<uint64_t>{2, 4, 6}));
  EXPECT_EQ(NextNumbers(), (std::vector<uint64_t>{1, 3, 5}));
  context_.TryCancel();
}

TEST_F(PlainExchangeTest, AMessageOfAnswersEndsBeforeItHasTooManyBytes) {
  constexpr size_t kFileBytes = 60 << 10;
  constexpr size_t kFiles = 10;
  memory_.AddGeneratedFile("block", kFileBytes);
  std::vector<v1::ExchangeRequest> requests;
  for (size_t i = 1; i <= kFiles; ++i) requests.push_back(ReadOf(i, "block"));
  ASSERT_TRUE(Send(requests));
  size_t answers = 0;
  while (answers < kFiles) {
    const size_t count = NextNumbers().size();
    ASSERT_LE(count, kExchangePackBytesMax / kFileBytes);
    ASSERT_GT(count, 0u);
    answers += count;
  }
  context_.TryCancel();
}

TEST_F(PlainExchangeTest, AnAnswerOfMoreBytesThanAMessageShallHaveComesAlone) {
  memory_.AddGeneratedFile("large", kExchangePackBytesMax + 1);
  ASSERT_TRUE(Send({GetAttrOf(1), ReadOf(2, "large"), GetAttrOf(3)}));
  EXPECT_EQ(NextNumbers(), (std::vector<uint64_t>{1}));
  EXPECT_EQ(NextNumbers(), (std::vector<uint64_t>{2}));
  EXPECT_EQ(NextNumbers(), (std::vector<uint64_t>{3}));
  context_.TryCancel();
}

TEST_F(PlainExchangeTest, ACallerThatGivesUpLeavesItsRequestsInFlightUntilTheyAreAnswered) {
  memory_.Hold(Kind::kAttributes);
  ASSERT_TRUE(Send({GetAttrOf(1), GetAttrOf(2)}));
  memory_.AwaitHeld(Kind::kAttributes, 2);
  context_.TryCancel();
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(Counter("in_flight"), 2u);
  memory_.Release(Kind::kAttributes);
  EXPECT_EQ(Counter("in_flight"), 0u);
}

}  // namespace
}  // namespace coppice
