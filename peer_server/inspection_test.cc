// The inspection service, as grpc_cli and other clients see it.
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "peer_server/testing/test_cluster.h"
#include "proto/health.grpc.pb.h"
#include "source/testing/await.h"

namespace coppice {
namespace {

Path At(const std::string& text) { return *Path::Parse(text); }

class InspectionTest : public testing::Test {
 protected:
  InspectionTest() {
    for (int i = 0; i < 25; ++i) cluster_.WriteFile(absl::StrCat("lib/f", i), "bytes");
    for (int i = 0; i < 25; ++i) {
      const std::string path = absl::StrCat("lib/f", i);
      const auto state = AwaitAttributes(cluster_.client(0), At(path));
      const auto block = AwaitBlock(cluster_.client(0), {At(path), state->attributes->version, 0});
      EXPECT_TRUE(block.ok()) << block.status();
    }
    cluster_.WriteFile("other", "bytes");
    EXPECT_TRUE(AwaitAttributes(cluster_.client(0), At("other")).ok());
  }

  v1::ListCacheReply ListCache(const std::string& prefix, uint32_t page_size,
                               const std::string& token, grpc::StatusCode expected) {
    grpc::ClientContext context;
    v1::ListCacheRequest request;
    request.set_path_prefix(prefix);
    request.set_page_size(page_size);
    request.set_page_token(token);
    v1::ListCacheReply reply;
    EXPECT_EQ(cluster_.inspection(0).ListCache(&context, request, &reply).error_code(), expected);
    return reply;
  }

  TestCluster cluster_{3, 2};
};

TEST_F(InspectionTest, TheCacheIsPagedThroughByPrefixWithoutRepeats) {
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto page = ListCache("lib/", 10, token, grpc::StatusCode::OK);
    EXPECT_LE(page.entries_size(), 10);
    for (const v1::CacheEntry& entry : page.entries()) {
      EXPECT_TRUE(seen.insert(absl::StrCat(entry.path(), " ", entry.kind())).second);
      EXPECT_GT(entry.bytes(), 0u);
      EXPECT_GE(entry.age_seconds(), 0);
      if (entry.kind() == v1::CACHE_KIND_BLOCKS) {
        EXPECT_EQ(entry.blocks_held(), 1u);
        EXPECT_EQ(entry.blocks_total(), 1u);
        EXPECT_EQ(entry.file_size(), 5u);
        EXPECT_NE(entry.version_id(), 0u);
      }
    }
    token = page.next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_GE(pages, 3);
  for (int i = 0; i < 25; ++i) {
    EXPECT_TRUE(seen.contains(absl::StrCat("lib/f", i, " ", v1::CACHE_KIND_BLOCKS)));
  }
  for (const std::string& item : seen) EXPECT_EQ(item.substr(0, 4), "lib/");
}

TEST_F(InspectionTest, ATokenThatNoAnswerGaveIsRefused) {
  ListCache("", 10, "\xff\xff", grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(InspectionTest, StatisticsNameEveryLayerFromTheTopDown) {
  grpc::ClientContext context;
  v1::GetStatisticsReply reply;
  ASSERT_TRUE(cluster_.inspection(0).GetStatistics(&context, {}, &reply).ok());
  EXPECT_EQ(reply.node(), "node0");
  std::vector<std::string> layers;
  for (const auto& layer : reply.layers()) layers.push_back(layer.layer());
  EXPECT_EQ(layers,
            (std::vector<std::string>{"service", "metered", "familiar_prefetching",
                                      "library_prefetching", "prefetching", "sibling_prefetching",
                                      "promoting", "pacing", "single_flight", "block_cache",
                                      "metadata_cache", "shared_blocks", "backing"}));
  EXPECT_EQ(cluster_.Counter(0, "block_cache", "entries"), 25u);
  EXPECT_EQ(cluster_.Counter(0, "backing", "opens"), 25u);
  EXPECT_EQ(cluster_.Counter(1, "parent", "read_block"), 0u);
}

TEST_F(InspectionTest, EachNodeKnowsItsPlaceInTheTree) {
  grpc::ClientContext root_context;
  v1::GetTreePlaceReply root;
  ASSERT_TRUE(cluster_.inspection(0).GetTreePlace(&root_context, {}, &root).ok());
  EXPECT_EQ(root.depth(), 0u);
  EXPECT_EQ(root.tree_size(), 3u);
  EXPECT_EQ(root.fanout(), 2u);
  EXPECT_TRUE(root.ancestors().empty());
  EXPECT_EQ(root.children_size(), 2);
  EXPECT_EQ(root.unix_socket(), cluster_.SocketOf(0));

  ASSERT_TRUE(AwaitAttributes(cluster_.client(2), At("other")).ok());
  grpc::ClientContext leaf_context;
  v1::GetTreePlaceReply leaf;
  ASSERT_TRUE(cluster_.inspection(2).GetTreePlace(&leaf_context, {}, &leaf).ok());
  EXPECT_EQ(leaf.node(), "node2");
  EXPECT_EQ(leaf.depth(), 1u);
  ASSERT_EQ(leaf.ancestors_size(), 1);
  EXPECT_EQ(leaf.ancestors(0).node(), "node0");
  EXPECT_EQ(leaf.ancestors(0).channel(), "READY");
}

TEST(InspectionOfTreesTest, EachNodeKnowsItsPlaceInEachTree) {
  TestCluster cluster(4, 3, {}, 2);
  grpc::ClientContext context;
  v1::GetTreePlaceReply place;
  ASSERT_TRUE(cluster.inspection(1).GetTreePlace(&context, {}, &place).ok());
  ASSERT_EQ(place.trees_size(), 2);
  EXPECT_EQ(place.depth(), 1u);
  EXPECT_EQ(place.trees(0).depth(), 1u);
  EXPECT_EQ(place.trees(0).ancestors(0).node(), "node0");
  EXPECT_EQ(place.trees(1).depth(), 0u);
  EXPECT_EQ(place.trees(1).children_size(), 3);
}

TEST(InspectionOfTreesTest, StatisticsNameTheParentOfEachTree) {
  TestCluster cluster(4, 3, {}, 2);
  grpc::ClientContext context;
  v1::GetStatisticsReply reply;
  ASSERT_TRUE(cluster.inspection(2).GetStatistics(&context, {}, &reply).ok());
  std::vector<std::string> layers;
  for (const auto& layer : reply.layers()) layers.push_back(layer.layer());
  const std::vector<std::string> below(layers.end() - 4, layers.end());
  EXPECT_EQ(below, (std::vector<std::string>{"retrying_0", "parent_0", "retrying_1", "parent_1"}));
}

TEST_F(InspectionTest, HealthIsServing) {
  const auto channel =
      grpc::CreateChannel("unix:" + cluster_.SocketOf(1), grpc::InsecureChannelCredentials());
  const auto health = grpc::health::v1::Health::NewStub(channel);
  for (const char* service : {"", "coppice.v1.Peer"}) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    ASSERT_TRUE(health->Check(&context, request, &response).ok());
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  }
}

}  // namespace
}  // namespace coppice
