#include "deploy/inspection_client.h"

#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "deploy/testing/held_peer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/peer_channels.h"

namespace coppice {
namespace {

// That a peer's counters arrive is what demo_test shows.
TEST(InspectionClientTest, ASocketThatNobodyAnswersOnIsNamed) {
  const std::string socket = "/no/such/peer.sock";
  const auto statistics = AskPeerStatistics(socket, absl::Now() + absl::Seconds(30));
  EXPECT_EQ(statistics.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(statistics.status().message()), testing::HasSubstr(socket));
}

// A peer that is busy with its work is not one that is gone.
TEST(InspectionClientTest, APeerThatIsLateToTakeTheConnectionIsWaitedFor) {
  HeldPeer peer(/*listens=*/true);
  absl::StatusOr<PeerStatistics> statistics;
  absl::Notification ended;
  std::thread asking([&] {
    statistics = AskPeerStatistics(peer.address(), absl::Now() + absl::Minutes(1));
    ended.Notify();
  });
  EXPECT_TRUE(peer.AwaitConnection(absl::Minutes(1)));
  EXPECT_FALSE(ended.WaitForNotificationWithTimeout(5 * kReconnectBackoffMin));
  peer.TakeConnection();
  asking.join();
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  EXPECT_EQ(statistics->node, "n1");
}

// As one that is suspended, or whose host drops packets: there may be many to ask.
TEST(InspectionClientTest, APeerThatNeverTakesTheConnectionIsGivenUpLongBeforeTheDeadline) {
  const HeldPeer peer(/*listens=*/true);
  const absl::Time deadline = absl::Now() + absl::Minutes(1);
  const auto place = AskPeerPlace(peer.address(), deadline);
  EXPECT_EQ(place.status().code(), absl::StatusCode::kUnavailable) << place.status();
  EXPECT_THAT(std::string(place.status().message()), testing::HasSubstr(peer.address()));
  EXPECT_LT(absl::Now(), deadline);
}

TEST(InspectionClientTest, APeerThatNeverTakesTheConnectionIsGivenUpAtTheDeadline) {
  const HeldPeer peer(/*listens=*/true);
  const auto statistics = AskPeerStatistics(peer.address(), absl::Now() + absl::Milliseconds(300));
  EXPECT_EQ(statistics.status().code(), absl::StatusCode::kDeadlineExceeded) << statistics.status();
  EXPECT_THAT(std::string(statistics.status().message()), testing::HasSubstr(peer.address()));
}

}  // namespace
}  // namespace coppice
