#include "bench/node_means.h"

#include <map>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::map<std::string, double> ByName(const std::vector<Count>& counts) {
  std::map<std::string, double> values;
  for (const Count& count : counts) values[count.name] = count.value;
  return values;
}

NodeCosts Mount(uint64_t lookups, absl::Duration cpu) {
  NodeCosts node = {.fuse = {{"LOOKUP", lookups}, {"IOCTL", 7}, {"read_bytes", 1000}}};
  node.client.cpu = cpu;
  return node;
}

TEST(NodeMeansTest, OfMountsAloneThereIsNothingButRequestsAndCpu) {
  EXPECT_THAT(ByName(MeanMountCounts({Mount(10, absl::Seconds(1)), Mount(20, absl::Seconds(2))})),
              ElementsAre(Pair("FUSE, no IOCTL", 15), Pair("client CPU", 1.5)));
}

TEST(NodeMeansTest, OfANodeAloneThereIsNoWayToAParent) {
  NodeCosts root = Mount(10, absl::Seconds(1));
  root.service = {{"read_block", 5}, {"bytes_sent", 4096}};
  root.peer.cpu = absl::Seconds(3);
  EXPECT_THAT(ByName(MeanNodeCounts({root})),
              ElementsAre(Pair("CPU per peer", 3), Pair("FUSE, no IOCTL", 10), Pair("RPCs", 5),
                          Pair("client CPU", 1)));
}

TEST(NodeMeansTest, CallsOfChildrenAreNotThoseOfClientsAndTheRootHasNoHop) {
  NodeCosts root = Mount(10, absl::Seconds(1));
  // 6 of its client, and those of two children.
  root.service = {{"read_block", 6 + 4 + 2}};
  root.peer.cpu = absl::Seconds(4);
  NodeCosts first = Mount(10, absl::Seconds(1));
  first.service = {{"read_block", 6}};
  first.parent = {{"read_block", 4}, {"bytes_received", 4000}};
  first.peer.cpu = absl::Seconds(1);
  NodeCosts second = Mount(40, absl::Seconds(4));
  second.service = {{"get_attributes", 6}};
  second.parent = {{"get_attributes", 2}, {"bytes_received", 2000}};
  second.peer.cpu = absl::Seconds(1);
  EXPECT_THAT(ByName(MeanNodeCounts({root, first, second})),
              ElementsAre(Pair("CPU per peer", 2), Pair("FUSE, no IOCTL", 20), Pair("RPCs", 6),
                          Pair("RPCs up", 3), Pair("bytes per hop", 3000), Pair("client CPU", 2)));
}

}  // namespace
}  // namespace coppice
