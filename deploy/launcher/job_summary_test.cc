#include "deploy/launcher/job_summary.h"

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

JobSummary Sample() {
  JobSummary summary = {.service = "pbs-12",
                        .job = "pbs-12",
                        .hosts = {"n1", "n2", "n3"},
                        .ended_at = absl::FromUnixSeconds(0)};
  for (uint32_t member = 0; member < 2; ++member) {
    v1::NodeSummary& node = *summary.stopped.add_nodes();
    node.set_member(member);
    node.set_node(member == 0 ? "n1" : "n2");
    node.set_backing_bytes(member == 0 ? uint64_t{5} << 40 : 0);
    node.set_bytes_received(member * 1024);
    node.set_mounts(1);
    node.set_errors(member);
    node.set_up_seconds(1.5);
  }
  summary.stopped.set_unanswered_count(1);
  summary.stopped.set_unanswered("n3");
  summary.stopped.add_failures("node n3: timed out");
  return summary;
}

TEST(JobSummaryTest, TheTextHasEachNodeAndTheSums) {
  const auto json = nlohmann::json::parse(JobSummaryText(Sample()));
  EXPECT_EQ(json["service"], "pbs-12");
  EXPECT_EQ(json["ended_at"], "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(json["hosts"].size(), 3u);
  EXPECT_EQ(json["unanswered"], "n3");
  EXPECT_EQ(json["failures"][0], "node n3: timed out");
  ASSERT_EQ(json["nodes"].size(), 2u);
  EXPECT_EQ(json["nodes"][1]["node"], "n2");
  EXPECT_EQ(json["nodes"][1]["bytes_received"], 1024);
  EXPECT_EQ(json["nodes"][0]["up_seconds"], 1.5);
  EXPECT_EQ(json["sum"]["backing_bytes"], uint64_t{5} << 40);
  EXPECT_EQ(json["sum"]["mounts"], 2);
  EXPECT_EQ(json["sum"]["errors"], 1);
  EXPECT_FALSE(json["sum"].contains("member")) << "indexes do not add up";
  EXPECT_FALSE(json["sum"].contains("node"));
}

TEST(JobSummaryTest, TheLineHasTheSums) {
  EXPECT_EQ(JobSummaryLine(Sample()),
            "2 nodes: 5.0 TiB in 0 opens from the backing file system, 1.0 KiB between nodes, "
            "0 B read through the mounts, 1 errors");
}

TEST(JobSummaryTest, AJobOfWhichNobodyAnsweredHasOne) {
  const auto json = nlohmann::json::parse(JobSummaryText({.service = "hosts"}));
  EXPECT_TRUE(json["nodes"].empty());
  EXPECT_TRUE(json["sum"].empty());
}

}  // namespace
}  // namespace coppice
