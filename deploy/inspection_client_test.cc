#include "deploy/inspection_client.h"

#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

// That a peer's counters arrive is what demo_test shows.
TEST(InspectionClientTest, ASocketThatNobodyAnswersOnIsNamed) {
  const std::string socket = "/no/such/peer.sock";
  const auto statistics = AskPeerStatistics(socket, absl::Now() + absl::Seconds(30));
  EXPECT_EQ(statistics.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(statistics.status().message()), testing::HasSubstr(socket));
}

}  // namespace
}  // namespace coppice
