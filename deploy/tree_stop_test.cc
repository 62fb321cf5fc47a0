#include "deploy/tree_stop.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "deploy/testing/held_peer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/inspection.pb.h"
#include "rpc/peer_channels.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// Far more than anything here needs.
constexpr absl::Duration kWaitMax = absl::Minutes(1);

void AddNode(v1::StopReply& stopped, const std::string& name, const std::string& problem = "") {
  v1::NodeSummary& node = *stopped.add_nodes();
  node.set_node(name);
  node.set_problem(problem);
}

TEST(TreeStopTest, ANodeThatAnsweredWithoutAProblemHasEnded) {
  v1::StopReply stopped;
  AddNode(stopped, "n1");
  AddNode(stopped, "n2");
  EXPECT_THAT(NodesEnded(stopped), UnorderedElementsAre("n1", "n2"));
}

// Three nodes below one that was lost make one failure and four that did not answer.
TEST(TreeStopTest, ANodeWithAProblemHasNotEndedHoweverManyDidNotAnswer) {
  v1::StopReply stopped;
  AddNode(stopped, "n1");
  AddNode(stopped, "n2", "not cleaned up in time");
  stopped.set_unanswered_count(4);
  stopped.set_unanswered("n[3-6]");
  stopped.add_failures("node n3 at n3:7117: Connection refused");
  stopped.add_failures("node n2: not cleaned up in time");
  EXPECT_THAT(NodesEnded(stopped), UnorderedElementsAre("n1"));
}

// A stop that gave up as early as what has another peer to ask would have ended meanwhile.
TEST(TreeStopTest, ARootThatIsLateToTakeTheConnectionIsWaitedFor) {
  HeldPeer root(/*listens=*/true);
  absl::StatusOr<v1::StopReply> stopped;
  absl::Notification ended;
  std::thread stopping([&] {
    stopped = StopByTree(root.address(), {}, absl::Now() + kWaitMax, kWaitMax);
    ended.Notify();
  });
  EXPECT_TRUE(root.AwaitConnection(kWaitMax));
  EXPECT_FALSE(ended.WaitForNotificationWithTimeout(5 * kReconnectBackoffMin));
  root.TakeConnection();
  stopping.join();
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_THAT(NodesEnded(*stopped), UnorderedElementsAre("n1"));
}

// As a host that drops all packets: nothing ever comes back.
TEST(TreeStopTest, ARootThatNeverTakesTheConnectionIsGivenUpLongBeforeTheDeadline) {
  const HeldPeer root(/*listens=*/true);
  const absl::Time deadline = absl::Now() + kWaitMax;
  const auto stopped = StopByTree(root.address(), {}, deadline, absl::Milliseconds(300));
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kUnavailable) << stopped.status();
  EXPECT_THAT(std::string(stopped.status().message()), HasSubstr(root.address()));
  EXPECT_LT(absl::Now(), deadline);
}

// As the name of a host that has many: one attempt after the other, each would have all of the
// time.
TEST(TreeStopTest, AllAddressesOfARootTogetherAreGivenNoMoreThanThat) {
  constexpr size_t kAddresses = 20;
  std::vector<std::unique_ptr<HeldPeer>> roots;
  std::vector<std::string> addresses;
  for (size_t i = 0; i < kAddresses; ++i) {
    roots.push_back(std::make_unique<HeldPeer>(/*listens=*/true));
    addresses.push_back(roots.back()->address());
  }
  const auto stopped = StopByTree(absl::StrCat("ipv4:", absl::StrJoin(addresses, ",")), {},
                                  absl::Now() + kWaitMax, absl::Milliseconds(300));
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kUnavailable) << stopped.status();
  // Our own end of the wait, before the last of the attempts.
  EXPECT_THAT(std::string(stopped.status().message()), HasSubstr("in time"));
}

TEST(TreeStopTest, ADeadlineBeforeThatEndsTheWaitForTheConnection) {
  const HeldPeer root(/*listens=*/true);
  const absl::Time begin = absl::Now();
  const auto stopped =
      StopByTree(root.address(), {}, begin + absl::Milliseconds(300), 2 * kWaitMax);
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kUnavailable) << stopped.status();
  EXPECT_LT(absl::Now(), begin + kWaitMax);
}

TEST(TreeStopTest, ARootThatRefusesTheConnectionIsAnErrorAtOnceThatNamesIt) {
  const HeldPeer root(/*listens=*/false);
  const auto stopped = StopByTree(root.address(), {}, absl::Now() + kWaitMax, kWaitMax);
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kUnavailable) << stopped.status();
  // The reason of the kernel: not the end of a wait.
  EXPECT_THAT(std::string(stopped.status().message()), HasSubstr("Connection refused"));
  EXPECT_THAT(std::string(stopped.status().message()), HasSubstr(root.address()));
}

}  // namespace
}  // namespace coppice
