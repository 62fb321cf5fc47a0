// What our client makes of streams whose other end is broken.
#include <grpcpp/channel.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "gtest/gtest.h"
#include "proto/peer.grpc.pb.h"
#include "rpc/exchange_codec.h"
#include "rpc/exchange_reactor.h"
#include "rpc/peer_source.h"
#include "rpc/server.h"
#include "rpc/status_codec.h"
#include "source/block_allocator.h"
#include "source/testing/await.h"

namespace coppice {
namespace {

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

// A peer that takes `requests` requests and then does what the test says with their stream.
class ScriptedPeer final : public v1::Peer::WithRawCallbackMethod_Exchange<v1::Peer::Service> {
 public:
  using Stream = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;
  enum class Then { kEnd, kGoOn };

  // `answer` makes the bytes of the one message that is sent, of the numbers that came.
  ScriptedPeer(size_t requests, Then then,
               std::function<grpc::ByteBuffer(const std::vector<uint64_t>&)> answer)
      : requests_(requests), then_(then), answer_(std::move(answer)) {}

 private:
  class Reactor final : public Stream {
   public:
    explicit Reactor(const ScriptedPeer& peer) : peer_(peer) { StartRead(&incoming_); }
    void OnReadDone(bool ok) override {
      if (!ok) return FinishOnce();
      const auto message = DecodeExchangeRequests(incoming_);
      for (const v1::ExchangeRequest& request : message->requests()) {
        numbers_.push_back(request.number());
      }
      if (numbers_.size() == peer_.requests_) {
        outgoing_ = peer_.answer_(numbers_);
        return StartWrite(&outgoing_);
      }
      StartRead(&incoming_);
    }
    void OnWriteDone(bool) override {
      if (peer_.then_ == Then::kEnd) return FinishOnce();
      StartRead(&incoming_);  // until the caller gives up
    }
    void OnDone() override { delete this; }

   private:
    void FinishOnce() { Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone")); }

    const ScriptedPeer& peer_;
    grpc::ByteBuffer incoming_;
    grpc::ByteBuffer outgoing_;
    std::vector<uint64_t> numbers_;
  };

  Stream* Exchange(grpc::CallbackServerContext*) override { return new Reactor(*this); }

  const size_t requests_;
  const Then then_;
  const std::function<grpc::ByteBuffer(const std::vector<uint64_t>&)> answer_;
};

// Asks such a peer so often; what became of each, which was told once.
std::vector<absl::StatusOr<PathState>> AskScripted(ScriptedPeer& peer, size_t requests) {
  RealClock clock;
  const auto server = StartPeerServer({.services = {&peer}});
  if (!server.ok()) ADD_FAILURE() << server.status();
  const auto channel = (*server)->InProcessChannel();
  const auto allocator = MakeHeapBlockAllocator();
  const auto source = MakePeerSource({.control = channel, .bulk = channel}, {}, *allocator, clock);
  std::vector<Answer<PathState>> answers(requests);
  for (auto& answer : answers) {
    source->GetAttributes(*Path::Parse("a"), {}, answer.MakeDone());
  }
  std::vector<absl::StatusOr<PathState>> results;
  for (auto& answer : answers) results.push_back(answer.Await());
  return results;
}

ExchangeElement MissingReply(uint64_t number) {
  return EncodeExchangeReply(number, absl::OkStatus(), EncodeMessage(v1::GetAttrReply()));
}

grpc::ByteBuffer JoinReplies(const std::vector<ExchangeElement>& elements) {
  std::vector<grpc::Slice> slices;
  for (const ExchangeElement& element : elements) {
    slices.insert(slices.end(), element.slices.begin(), element.slices.end());
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

TEST(ScriptedPeerTest, AStreamThatBreaksAfterHalfOfTheAnswersEndsEachRequestOnce) {
  ScriptedPeer peer(6, ScriptedPeer::Then::kEnd, [](const std::vector<uint64_t>& numbers) {
    return JoinReplies({MissingReply(numbers[4]), MissingReply(numbers[0]),
                        // Twice, and one that was never asked for.
                        MissingReply(numbers[4]), MissingReply(4'711), MissingReply(numbers[2])});
  });
  const auto results = AskScripted(peer, 6);
  for (const size_t i : {0, 2, 4}) EXPECT_TRUE(results[i].ok()) << i << results[i].status();
  for (const size_t i : {1, 3, 5}) {
    EXPECT_TRUE(IsTransportFailure(results[i].status())) << i << results[i].status();
  }
}

TEST(ScriptedPeerTest, AMessageOfAnswersThatIsMalformedFailsAllRequestsAndSaysWhy) {
  ScriptedPeer peer(3, ScriptedPeer::Then::kGoOn, [](const std::vector<uint64_t>& numbers) {
    // The first is whole, the second is cut off.
    ExchangeElement cut = MissingReply(numbers[1]);
    cut.slices = {grpc::Slice(cut.slices[0].begin(), cut.slices[0].size() - 1)};
    return JoinReplies({MissingReply(numbers[0]), cut});
  });
  for (const auto& result : AskScripted(peer, 3)) {
    EXPECT_TRUE(IsTransportFailure(result.status())) << result.status();
    EXPECT_NE(result.status().message().find("malformed message of answers"), std::string::npos)
        << result.status();
  }
}

}  // namespace
}  // namespace coppice
