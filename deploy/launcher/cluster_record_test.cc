#include "deploy/launcher/cluster_record.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(ClusterRecordTest, WhatIsWrittenIsReadBack) {
  const ClusterRecord record = {.hosts = {"a", "b"},
                                .launcher = "srun",
                                .slurm_job = "7",
                                .job = "slurm-7",
                                .node_program = "/opt/coppice_node",
                                .node_job = "abc",
                                .tool_host = "login",
                                .tools = {{.pid = 5, .start_ticks = 99}}};
  const auto parsed = ParseClusterRecord(ClusterRecordText(record));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, record);
}

TEST(ClusterRecordTest, OtherTextIsRefused) {
  for (const char* text : {"", "{}", "{\"format\": 99}", "[1]"}) {
    EXPECT_EQ(ParseClusterRecord(text).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace coppice
