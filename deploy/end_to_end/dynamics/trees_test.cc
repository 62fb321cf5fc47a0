// Several trees over real programs and mounts: what is read through each, how ready they are, and
// their end by the tree.
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "deploy/end_to_end/dynamics/service_fixture.h"
#include "deploy/mount_table.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "proto/inspection.grpc.pb.h"
#include "proto/membership.grpc.pb.h"

namespace coppice {
namespace {

constexpr absl::Duration kCallMax = absl::Minutes(1);
constexpr size_t kNodes = 6;
constexpr int kFiles = 60;

class TreesTest : public ServiceTest {
 protected:
  std::shared_ptr<grpc::Channel> ChannelTo(size_t node) const {
    return grpc::CreateChannel(absl::StrCat("unix:", SocketOf(node)),
                               grpc::InsecureChannelCredentials());
  }

  v1::GetReadinessReply AwaitState(v1::ReadinessState state) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kCallMax));
    v1::GetReadinessRequest request;
    request.set_wait_until_members(kNodes);
    request.set_wait_for(state);
    v1::GetReadinessReply reply;
    const grpc::Status status =
        v1::Inspection::NewStub(ChannelTo(0))->GetReadiness(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_TRUE(reply.reached());
    return reply;
  }

  void ReportProbe(size_t node) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kCallMax));
    v1::ReportProbeReply reply;
    const grpc::Status status =
        v1::Membership::NewStub(ChannelTo(node))->ReportProbe(&context, {}, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  v1::StopReply AskStop(size_t node) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kCallMax));
    v1::StopReply reply;
    const grpc::Status status =
        v1::Inspection::NewStub(ChannelTo(node))->Stop(&context, {}, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return reply;
  }
};

TEST_F(TreesTest, EachFileIsReadOnceByOneOfTwoRootsAndAllEndByOneCall) {
  for (int i = 0; i < kFiles; ++i) {
    std::ofstream(Backing(absl::StrCat("f", i))) << std::string(1000 + i, 'x');
  }
  Start({.nodes = kNodes, .fanout = 2, .tree_count = 2});
  EXPECT_EQ(AwaitState(v1::READINESS_STATE_MOUNTED).mounted(), kNodes);
  for (size_t node = 0; node < kNodes; ++node) ReportProbe(node);
  EXPECT_EQ(AwaitState(v1::READINESS_STATE_PROVEN).not_proven(), "");

  for (size_t node = 0; node < kNodes; ++node) {
    for (int i = 0; i < kFiles; ++i) {
      std::ifstream file(At(node, absl::StrCat("f", i)), std::ios::binary);
      const std::string text((std::istreambuf_iterator<char>(file)),
                             std::istreambuf_iterator<char>());
      EXPECT_EQ(text, std::string(1000 + i, 'x')) << "node" << node << " f" << i;
    }
  }
  EXPECT_EQ(BackingCounter("reads"), uint64_t{kFiles});
  std::set<size_t> readers;
  for (size_t node = 0; node < kNodes; ++node) {
    if (Counter(node, "backing", "reads") > kFiles / 4) readers.insert(node);
  }
  EXPECT_EQ(readers.size(), 2u);

  const v1::StopReply reply = AskStop(kNodes - 1);
  EXPECT_EQ(reply.nodes_size(), static_cast<int>(kNodes));
  EXPECT_EQ(reply.unanswered_count(), 0u) << reply.unanswered();
  EXPECT_EQ(reply.failures_size(), 0);
  uint64_t reads = 0;
  uint64_t mounts = 0;
  for (const v1::NodeSummary& node : reply.nodes()) {
    reads += node.backing_reads();
    mounts += node.mounts();
    EXPECT_GT(node.mount_requests(), 0u) << node.node();
  }
  EXPECT_EQ(reads, uint64_t{kFiles});
  EXPECT_EQ(mounts, kNodes);
  for (size_t node = 0; node < kNodes; ++node) {
    // When the answer came, not some time later.
    EXPECT_EQ(*MountTypeAt(MountOf(node)), "") << node;
    EXPECT_TRUE(AwaitEnd(node, ProcessRole::kClient)) << node;
    EXPECT_TRUE(AwaitEnd(node, ProcessRole::kPeer)) << node;
  }
}

}  // namespace
}  // namespace coppice
