// Streams of Peer.Exchange: as our own client uses them, and as a client of another make might.
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "proto/peer.grpc.pb.h"
#include "rpc/alarm_timer.h"
#include "rpc/exchange_codec.h"
#include "rpc/exchange_reactor.h"
#include "rpc/exchange_stream.h"
#include "rpc/peer_source.h"
#include "rpc/server.h"
#include "rpc/status_codec.h"
#include "rpc/testing/wire_pair.h"
#include "source/block_allocator.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() { memory_.AddFile("file", "the bytes"); }

  static Path PathOf(const std::string& text) { return Path::Parse(text).value(); }
  uint64_t Counter(const std::string& name) {
    return pair_.service().Statistics().counters.at(name);
  }

  RealClock clock_;
  std::unique_ptr<Timer> timer_ = MakeAlarmTimer();
  MemorySource memory_{clock_};
  WirePair pair_{memory_, clock_, *timer_};
};

TEST_F(ExchangeTest, ManyRequestsTakeOneStream) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
    ASSERT_TRUE(AwaitListing(pair_.client(), Path()).ok());
    ASSERT_TRUE(AwaitBlock(pair_.client(), memory_.KeyOf("file", 0)).ok());
  }
  EXPECT_EQ(Counter("exchange"), 1u);
}

TEST_F(ExchangeTest, AnAnswerOvertakesARequestThatTakesLonger) {
  memory_.Hold(Kind::kListing);
  Answer<ListingRef> listing;
  pair_.client().ReadDirectory(Path(), {}, {}, listing.MakeDone());
  memory_.AwaitHeld(Kind::kListing, 1);
  EXPECT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
  EXPECT_FALSE(listing.IsReady());
  memory_.Release(Kind::kListing);
  EXPECT_TRUE(listing.Await().ok());
}

TEST_F(ExchangeTest, SpeculativeRequestsWaitForOneAnotherAndNobodyWaitsForThem) {
  constexpr size_t kFiles = kSpeculativeMax + 10;
  memory_.Hold(Kind::kBlock);
  std::vector<Answer<BlockRef>> blocks(kFiles);
  for (size_t i = 0; i < kFiles; ++i) {
    const std::string name = absl::StrCat("s", i);
    memory_.AddFile(name, "x");
    pair_.client().ReadBlock(memory_.KeyOf(name, 0), {.speculative = true}, blocks[i].MakeDone());
  }
  memory_.AwaitHeld(Kind::kBlock, kSpeculativeMax);
  // Comes after the last of them that was sent: so no more were.
  EXPECT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
  EXPECT_EQ(memory_.CallCount(Kind::kBlock), kSpeculativeMax);
  memory_.Release(Kind::kBlock);
  for (auto& block : blocks) EXPECT_TRUE(block.Await().ok());
}

TEST_F(ExchangeTest, ARequestThatTookTooLongIsFailedAndItsLateAnswerDropped) {
  memory_.Hold(Kind::kAttributes);
  const absl::Status status = AwaitAttributes(pair_.client(), PathOf("file"),
                                              {.deadline = absl::Now() + absl::Milliseconds(30)})
                                  .status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  memory_.AwaitHeld(Kind::kAttributes, 1);
  memory_.Release(Kind::kAttributes);
  // The same stream goes on.
  EXPECT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
  EXPECT_EQ(Counter("exchange"), 1u);
}

TEST_F(ExchangeTest, ABrokenStreamFailsAllItsRequestsAndTheNextHasANewOne) {
  memory_.Hold(Kind::kAttributes);
  memory_.Hold(Kind::kBlock);
  Answer<PathState> attributes;
  Answer<BlockRef> block;
  pair_.client().GetAttributes(PathOf("file"), {}, attributes.MakeDone());
  pair_.client().ReadBlock(memory_.KeyOf("file", 0), {}, block.MakeDone());
  memory_.AwaitHeld(Kind::kAttributes, 1);
  memory_.AwaitHeld(Kind::kBlock, 1);
  std::thread stopping([this] { pair_.StopServer(); });
  EXPECT_TRUE(IsTransportFailure(attributes.Await().status())) << attributes.Await().status();
  EXPECT_TRUE(IsTransportFailure(block.Await().status())) << block.Await().status();
  memory_.Release(Kind::kAttributes);
  memory_.Release(Kind::kBlock);
  stopping.join();
  pair_.StartServer();
  EXPECT_TRUE(AwaitAttributes(pair_.client(), PathOf("file")).ok());
  EXPECT_EQ(Counter("exchange"), 1u);
}

TEST_F(ExchangeTest, AClosedServiceAnswersWhatItHasTakenAndEndsTheStream) {
  memory_.Hold(Kind::kAttributes);
  Answer<PathState> taken;
  pair_.client().GetAttributes(PathOf("file"), {}, taken.MakeDone());
  memory_.AwaitHeld(Kind::kAttributes, 1);
  pair_.service().Close();
  EXPECT_FALSE(taken.IsReady());
  memory_.Release(Kind::kAttributes);
  EXPECT_TRUE(taken.Await().ok()) << taken.Await().status();
  const absl::Status status = AwaitAttributes(pair_.client(), PathOf("file")).status();
  EXPECT_TRUE(IsTransportFailure(status)) << status;
}

TEST_F(ExchangeTest, SmallBlocksTravelOnTheStreamAndLargeOnesByCalls) {
  constexpr size_t kSmall = 64 << 10;
  memory_.AddGeneratedFile("small", kSmall);
  memory_.AddGeneratedFile("large", kSmall + 1);
  for (const char* name : {"small", "large"}) {
    const BlockKey key = memory_.KeyOf(name, 0);
    const auto block = AwaitBlock(pair_.client(), key);
    ASSERT_TRUE(block.ok()) << block.status();
    EXPECT_EQ((*block)->size(), key.LengthBytes());
  }
  EXPECT_EQ(Counter("exchange"), 1u);
  EXPECT_EQ(Counter("read"), 2u);
}

// A client that uses the messages as they are.
class PlainExchangeTest : public ExchangeTest {
 protected:
  v1::ExchangeReply Ask(const v1::ExchangeRequest& request) {
    v1::ExchangeReply reply;
    EXPECT_TRUE(stream_->Write(request));
    EXPECT_TRUE(stream_->Read(&reply));
    EXPECT_EQ(reply.number(), request.number());
    return reply;
  }

  static v1::ExchangeRequest RequestOf(v1::ExchangeMethod method,
                                       const google::protobuf::MessageLite& message) {
    v1::ExchangeRequest request;
    request.set_number(77);
    request.set_method(method);
    request.set_request(message.SerializeAsString());
    return request;
  }

  grpc::ClientContext context_;
  std::unique_ptr<v1::Peer::Stub> stub_ = v1::Peer::NewStub(pair_.channels().control);
  std::unique_ptr<grpc::ClientReaderWriter<v1::ExchangeRequest, v1::ExchangeReply>> stream_ =
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
  ASSERT_TRUE(stream_->Write(v1::ExchangeRequest()));
  v1::ExchangeReply reply;
  EXPECT_FALSE(stream_->Read(&reply));
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(PlainExchangeTest, ACallerThatGivesUpLeavesItsRequestsInFlightUntilTheyAreAnswered) {
  memory_.Hold(Kind::kAttributes);
  v1::GetAttrRequest get_attr;
  get_attr.set_path("file");
  ASSERT_TRUE(stream_->Write(RequestOf(v1::EXCHANGE_METHOD_GET_ATTR, get_attr)));
  memory_.AwaitHeld(Kind::kAttributes, 1);
  context_.TryCancel();
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(Counter("in_flight"), 1u);
  memory_.Release(Kind::kAttributes);
  EXPECT_EQ(Counter("in_flight"), 0u);
}

// A peer whose answers parse and are wrong. It offers no more than streams.
class LyingPeer final : public v1::Peer::WithRawCallbackMethod_Exchange<v1::Peer::Service>,
                        private ExchangeReactor::Owner {
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Exchange(
      grpc::CallbackServerContext*) override {
    auto* const stream = new ExchangeReactor(*this);
    stream->Start();
    return stream;
  }

  void Asked(v1::ExchangeRequest request, ExchangeReactor::Answer answer) override {
    v1::GetAttrReply attributes;
    v1::ReadDirPlusReply listing;
    v1::ReadReply block;
    switch (request.method()) {
      case v1::EXCHANGE_METHOD_GET_ATTR:
        attributes.mutable_attributes()->set_mode(0);
        return std::move(answer)(absl::OkStatus(), EncodeMessage(attributes));
      case v1::EXCHANGE_METHOD_READ_DIR_PLUS:
        listing.mutable_directory()->set_mode(S_IFDIR);
        listing.add_entries()->set_name("../../etc/passwd");
        return std::move(answer)(absl::OkStatus(), EncodeMessage(listing));
      default:
        block.set_data(std::string(3 << 20, 'x'));
        return std::move(answer)(absl::OkStatus(), EncodeMessage(block));
    }
  }

  void Ended(ExchangeReactor&) override {}
};

TEST(LyingPeerTest, AnAnswerThatCannotBeIsDataLossAndNotATransportFailure) {
  RealClock clock;
  LyingPeer lying;
  const auto server = StartPeerServer({.services = {&lying}});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto channel = (*server)->InProcessChannel();
  const auto allocator = MakeHeapBlockAllocator();
  const auto source = MakePeerSource({.control = channel, .bulk = channel}, {}, *allocator, clock);
  EXPECT_TRUE(absl::IsDataLoss(AwaitAttributes(*source, *Path::Parse("a")).status()));
  EXPECT_TRUE(absl::IsDataLoss(AwaitListing(*source, *Path::Parse("a")).status()));
  const BlockKey key{.path = *Path::Parse("a"), .version = {.id = 1, .size = 5}};
  EXPECT_TRUE(absl::IsDataLoss(AwaitBlock(*source, key).status()));
  const absl::Status unimplemented = AwaitFileSystemStatistics(*source, *Path::Parse("a")).status();
  EXPECT_TRUE(absl::IsUnimplemented(unimplemented)) << unimplemented;
  EXPECT_FALSE(IsTransportFailure(unimplemented));
  EXPECT_EQ(source->Statistics().counters.at("errors"), 4u);
}

}  // namespace
}  // namespace coppice
