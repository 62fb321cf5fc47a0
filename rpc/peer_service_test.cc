// PeerService as a client of another make sees it: by the plain stub, with requests that ours would
// never send.
#include "rpc/peer_service.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/crc32c.h"
#include "common/fake_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/peer.grpc.pb.h"
#include "rpc/status_codec.h"
#include "rpc/testing/fake_timer.h"
#include "rpc/testing/wire_pair.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using testing::HasSubstr;
using Kind = MemorySource::Kind;

class PeerServiceTest : public testing::Test {
 protected:
  PeerServiceTest() {
    memory_.AddFile("dir/file", "the bytes");
    memory_.AddSymlink("dir/link", "../target");
  }

  // The errno of the trailing metadata; 0 without.
  static int ErrnoOf(const grpc::ClientContext& context) {
    const auto& metadata = context.GetServerTrailingMetadata();
    const auto found = metadata.find("coppice-errno");
    return found == metadata.end()
               ? 0
               : std::stoi(std::string(found->second.data(), found->second.size()));
  }

  template <typename Request, typename Reply>
  grpc::Status Call(grpc::Status (v1::Peer::Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Reply*),
                    const Request& request, Reply* reply) {
    grpc::ClientContext context;
    const grpc::Status status = ((*stub_).*method)(&context, request, reply);
    errno_ = ErrnoOf(context);
    answered_ = context.GetServerTrailingMetadata().count("coppice-answered") > 0;
    return status;
  }

  uint64_t Counter(const std::string& name) {
    return pair_.service().Statistics().counters.at(name);
  }

  FakeTimer timer_;
  MemorySource memory_{timer_.clock()};
  WirePair pair_{memory_, timer_.clock(), timer_, {.service = {.calls_in_flight_max = 2}}};
  std::unique_ptr<v1::Peer::Stub> stub_ = v1::Peer::NewStub(pair_.channels().control);
  int errno_ = 0;
  bool answered_ = false;
};

TEST_F(PeerServiceTest, APathThatCannotBeIsEinvalAndNeverReachesTheSource) {
  for (const std::string& path :
       {std::string("../etc/passwd"), std::string("/etc"), std::string("a//b"),
        std::string("a/./b"), std::string("a/"), std::string("a\0b", 3), std::string("..")}) {
    v1::GetAttrRequest get_attr;
    get_attr.set_path(path);
    v1::GetAttrReply attributes;
    EXPECT_FALSE(Call(&v1::Peer::Stub::GetAttr, get_attr, &attributes).ok()) << path;
    EXPECT_EQ(errno_, EINVAL) << path;
    EXPECT_TRUE(answered_);
    v1::ReadDirPlusRequest read_dir;
    read_dir.set_path(path);
    v1::ReadDirPlusReply listing;
    EXPECT_FALSE(Call(&v1::Peer::Stub::ReadDirPlus, read_dir, &listing).ok()) << path;
    EXPECT_EQ(errno_, EINVAL) << path;
    v1::ReadLinkRequest read_link;
    read_link.set_path(path);
    v1::ReadLinkReply target;
    EXPECT_FALSE(Call(&v1::Peer::Stub::ReadLink, read_link, &target).ok()) << path;
    EXPECT_EQ(errno_, EINVAL) << path;
    v1::ReadRequest read;
    read.set_path(path);
    read.mutable_version()->set_id(1);
    v1::ReadReply block;
    EXPECT_FALSE(Call(&v1::Peer::Stub::Read, read, &block).ok()) << path;
    EXPECT_EQ(errno_, EINVAL) << path;
    v1::FsStatRequest fs_stat;
    fs_stat.set_path(path);
    v1::FsStatReply statistics;
    EXPECT_FALSE(Call(&v1::Peer::Stub::FsStat, fs_stat, &statistics).ok()) << path;
    EXPECT_EQ(errno_, EINVAL) << path;
  }
  EXPECT_EQ(memory_.Calls().size(), 0u);
  EXPECT_EQ(Counter("invalid"), 35u);
  EXPECT_EQ(Counter("in_flight"), 0u);
}

TEST_F(PeerServiceTest, APageThatCannotBeIsEinval) {
  v1::ReadDirPlusRequest request;
  request.set_page_bits(25);
  v1::ReadDirPlusReply reply;
  EXPECT_FALSE(Call(&v1::Peer::Stub::ReadDirPlus, request, &reply).ok());
  EXPECT_EQ(errno_, EINVAL);
  request.set_page_bits(1);
  request.set_page_index(2);
  EXPECT_FALSE(Call(&v1::Peer::Stub::ReadDirPlus, request, &reply).ok());
  EXPECT_EQ(errno_, EINVAL);
}

TEST_F(PeerServiceTest, AReadRequestThatDoesNotParseIsEinval) {
  grpc::GenericStub generic(pair_.channels().bulk);
  const grpc::Slice garbage(std::string("\xff\xff\xff"));
  const grpc::ByteBuffer request(&garbage, 1);
  grpc::ByteBuffer reply;
  grpc::ClientContext context;
  Answer<bool> finished;
  auto done = std::make_shared<Done<bool>>(finished.MakeDone());
  generic.UnaryCall(&context, "/coppice.v1.Peer/Read", {}, &request, &reply,
                    [done](grpc::Status status) { std::move (*done)(status.ok()); });
  EXPECT_FALSE(*finished.Await());
  EXPECT_EQ(ErrnoOf(context), EINVAL);
}

TEST_F(PeerServiceTest, TooManyHopsAreALoop) {
  v1::GetAttrRequest request;
  request.mutable_options()->set_hops(kHopsMax + 1);
  v1::GetAttrReply reply;
  const grpc::Status status = Call(&v1::Peer::Stub::GetAttr, request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("loop"));
  EXPECT_EQ(memory_.Calls().size(), 0u);
}

TEST_F(PeerServiceTest, AnyProtobufClientReadsABlock) {
  const BlockKey key = memory_.KeyOf("dir/file", 0);
  v1::ReadRequest request;
  request.set_path("dir/file");
  request.mutable_version()->set_id(key.version.id);
  request.mutable_version()->set_size(key.version.size);
  v1::ReadReply reply;
  ASSERT_TRUE(Call(&v1::Peer::Stub::Read, request, &reply).ok());
  EXPECT_EQ(reply.data(), "the bytes");
  EXPECT_EQ(reply.crc32c(), Crc32c(std::string("the bytes")));
}

TEST_F(PeerServiceTest, AnEmptyRequestIsAboutTheExportRoot) {
  v1::GetAttrReply attributes;
  ASSERT_TRUE(Call(&v1::Peer::Stub::GetAttr, v1::GetAttrRequest(), &attributes).ok());
  EXPECT_EQ(attributes.attributes().inode(), memory_.AttributesOf("").inode);
  EXPECT_EQ(memory_.Calls()[0].context.age_max, absl::InfiniteDuration());
}

TEST_F(PeerServiceTest, ACallWithoutADeadlineHasOneForTheSource) {
  v1::GetAttrReply reply;
  ASSERT_TRUE(Call(&v1::Peer::Stub::GetAttr, v1::GetAttrRequest(), &reply).ok());
  EXPECT_EQ(memory_.Calls()[0].context.deadline,
            timer_.clock().Now() + PeerServiceOptions().call_time_max);
}

TEST_F(PeerServiceTest, ReadLinkGivesTheTargetAndItsErrors) {
  v1::ReadLinkRequest request;
  v1::ReadLinkReply reply;
  request.set_path("dir/link");
  ASSERT_TRUE(Call(&v1::Peer::Stub::ReadLink, request, &reply).ok());
  EXPECT_EQ(reply.target(), "../target");
  request.set_path("dir/file");
  EXPECT_FALSE(Call(&v1::Peer::Stub::ReadLink, request, &reply).ok());
  EXPECT_EQ(errno_, EINVAL);
  request.set_path("dir/none");
  EXPECT_FALSE(Call(&v1::Peer::Stub::ReadLink, request, &reply).ok());
  EXPECT_EQ(errno_, ENOENT);
}

TEST_F(PeerServiceTest, CallsBeyondTheLimitAreRefusedByNameAndTheOthersAnswered) {
  memory_.Hold(Kind::kAttributes);
  const Path path = Path::Parse("dir").value();
  Answer<PathState> first, second;
  pair_.client().GetAttributes(path, {}, first.MakeDone());
  pair_.client().GetAttributes(path, {}, second.MakeDone());
  memory_.AwaitHeld(Kind::kAttributes, 2);
  EXPECT_EQ(Counter("in_flight"), 2u);
  const absl::Status refused = AwaitAttributes(pair_.client(), path).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_TRUE(IsOverload(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("calls_in_flight_max"));
  EXPECT_EQ(Counter("refused"), 1u);
  memory_.Release(Kind::kAttributes);
  EXPECT_TRUE(first.Await().ok());
  EXPECT_TRUE(second.Await().ok());
  EXPECT_TRUE(AwaitAttributes(pair_.client(), path).ok());
}

TEST_F(PeerServiceTest, TheAnswerToACancelledCallIsDropped) {
  memory_.Hold(Kind::kBlock);
  const BlockKey key = memory_.KeyOf("dir/file", 0);
  v1::ReadRequest request;
  request.set_path("dir/file");
  request.mutable_version()->set_id(key.version.id);
  request.mutable_version()->set_size(key.version.size);
  v1::ReadReply reply;
  grpc::ClientContext context;
  Answer<int> finished;
  auto done = std::make_shared<Done<int>>(finished.MakeDone());
  stub_->async()->Read(&context, &request, &reply, [done](grpc::Status status) {
    std::move (*done)(static_cast<int>(status.error_code()));
  });
  memory_.AwaitHeld(Kind::kBlock, 1);
  context.TryCancel();
  EXPECT_EQ(*finished.Await(), grpc::StatusCode::CANCELLED);
  // Still the source's: it counts until it was answered.
  EXPECT_EQ(Counter("in_flight"), 1u);
  memory_.Release(Kind::kBlock);
  EXPECT_EQ(Counter("in_flight"), 0u);
  EXPECT_TRUE(AwaitBlock(pair_.client(), key).ok());
}

TEST_F(PeerServiceTest, TheDeadlineOfACallBecomesTheContextsOnThePeersOwnClock) {
  v1::GetAttrReply reply;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  ASSERT_TRUE(stub_->GetAttr(&context, v1::GetAttrRequest(), &reply).ok());
  const absl::Time seen = memory_.Calls()[0].context.deadline;
  EXPECT_GT(seen, timer_.clock().Now() + absl::Seconds(20));
  EXPECT_LE(seen, timer_.clock().Now() + absl::Seconds(31));
}

TEST_F(PeerServiceTest, ADeadlineBeyondTheLimitBecomesTheLimit) {
  v1::GetAttrReply reply;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::hours(1));
  ASSERT_TRUE(stub_->GetAttr(&context, v1::GetAttrRequest(), &reply).ok());
  EXPECT_EQ(memory_.Calls()[0].context.deadline,
            timer_.clock().Now() + PeerServiceOptions().call_time_max);
}

}  // namespace
}  // namespace coppice
