#include "deploy/demo_report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

DemoReport Good() {
  return {.module = "numpy",
          .local = absl::Milliseconds(100),
          .local_together = absl::Milliseconds(200),
          .nodes = {{"node0", absl::Milliseconds(300), absl::Milliseconds(220), 12, 90, 5000, 3},
                    {"node1", absl::Milliseconds(400), absl::Milliseconds(240), 12, 91, 5001, 0}},
          .backing = {100, 2048, 300, 40, 10},
          .unique = {100, 2048, 300, 40, 0}};
}

TEST(DemoReportTest, AGoodReportHolds) { EXPECT_TRUE(CheckReport(Good()).ok()); }

TEST(DemoReportTest, AnImportThatDidNotComeThroughTheMountIsNamed) {
  for (auto field :
       {&NodeFigures::mapped_files, &NodeFigures::reads_cold, &NodeFigures::bytes_cold}) {
    DemoReport report = Good();
    report.nodes[1].*field = 0;
    EXPECT_THAT(std::string(CheckReport(report).message()), HasSubstr("node1"));
  }
}

TEST(DemoReportTest, ReadingTheSetTwiceDoesNotHold) {
  for (auto field : {&BackingFigures::opens, &BackingFigures::bytes, &BackingFigures::lstats,
                     &BackingFigures::readdirs}) {
    DemoReport report = Good();
    report.backing.*field *= 2;
    EXPECT_FALSE(CheckReport(report).ok());
  }
}

TEST(DemoReportTest, CountersThatStandStillDoNotHold) {
  DemoReport report = Good();
  report.unique.opens = 0;
  EXPECT_FALSE(CheckReport(report).ok());
}

TEST(DemoReportTest, TheTextHasEachNodeAndWhatReachedTheBackingFileSystem) {
  const std::string text = ReportText(Good());
  for (const char* part : {"node0", "node1", "0.300 s", "1.50 x", "0.220 s", "1.10 x", "2.0 KiB",
                           "directories read", "local disk, alone"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(DemoReportTest, TheJsonIsOneLineWithTheSameFigures) {
  const std::string text = ReportJson(Good(), absl::OkStatus());
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const Json json = Json::parse(text);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["nodes"], 2);
  EXPECT_EQ(json["module"], "numpy");
  EXPECT_DOUBLE_EQ(json["local_s"], 0.1);
  EXPECT_EQ(json["cold_s"], Json({0.3, 0.4}));
  EXPECT_EQ(json["warm_s"], Json({0.22, 0.24}));
  EXPECT_EQ(json["fuse_requests_warm"], Json({3, 0}));
  EXPECT_EQ(json["backing"]["opens"], 100);
  EXPECT_EQ(json["backing"]["bytes"], 2048);
  EXPECT_EQ(json["unique"]["lstats"], 300);
  EXPECT_EQ(json["unique"]["readdirs"], 40);
}

TEST(DemoReportTest, AProblemMakesTheJsonSayNotOkAndWhy) {
  const Json json = Json::parse(ReportJson({.module = "numpy"}, absl::NotFoundError("no fuse")));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["problem"], "no fuse");
  EXPECT_EQ(json["nodes"], 0);
}

}  // namespace
}  // namespace coppice
