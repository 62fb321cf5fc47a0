#include "deploy/coppice/status_report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using ::testing::HasSubstr;

// Of a service whose processes are long gone; coppice_test asks living ones.
RunningService DeadService() {
  RunningService service = {.name = "local"};
  service.record.nodes = {{.name = "node0",
                           .address = "127.0.0.1:1",
                           .socket = "/no/such/peer.sock",
                           .mount_point = "/no/such/mount"}};
  service.record.processes = {
      {.node = "node0", .role = ProcessRole::kPeer, .identity = {.pid = 1, .start_ticks = 1}}};
  return service;
}

TEST(StatusReportTest, EverythingThatIsNotWellIsNamed) {
  const StatusReport report = AskStatus({DeadService()});
  ASSERT_EQ(report.nodes.size(), 1u);
  EXPECT_FALSE(report.well());
  EXPECT_FALSE(report.nodes[0].mounted);
  EXPECT_FALSE(report.nodes[0].answers);
  EXPECT_EQ(report.nodes[0].processes_alive, 0u);
  EXPECT_THAT(StatusTable(report), HasSubstr("peer_server is gone, nothing is mounted, the peer"));
}

TEST(StatusReportTest, WhatStartedANodeMayHaveEnded) {
  RunningService service = DeadService();
  service.record.processes.push_back(
      {.node = "node0", .role = ProcessRole::kStarter, .identity = {.pid = 1, .start_ticks = 1}});
  const StatusReport report = AskStatus({service});
  EXPECT_EQ(report.nodes[0].processes, 1u);
  EXPECT_THAT(StatusTable(report), testing::Not(HasSubstr("coppice_node")));
}

TEST(StatusReportTest, NothingIsEmptyAndNotIll) {
  EXPECT_TRUE(AskStatus({}).empty());
  EXPECT_TRUE(AskStatus({}).well());
}

TEST(StatusReportTest, AServiceThatCannotBeReadIsAProblemOfItsOwn) {
  RunningService service = {.name = "work", .error = absl::UnavailableError("is being started")};
  const StatusReport report = AskStatus({service});
  EXPECT_FALSE(report.empty());
  EXPECT_FALSE(report.well());
  EXPECT_THAT(StatusTable(report), HasSubstr("work: is being started"));
}

TEST(StatusReportTest, JsonSaysTheSame) {
  const nlohmann::ordered_json json = StatusJson(AskStatus({DeadService()}));
  EXPECT_EQ(json["well"], false);
  EXPECT_EQ(json["nodes"][0]["node"], "node0");
  EXPECT_EQ(json["nodes"][0]["processes"], 1);
}

}  // namespace
}  // namespace coppice
