#include "bench/report.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Report TwoCompetitors() {
  Report report("mount_floor", {"floor"});
  report.Add({.name = "stat", .who = "floor", .samples = Samples({1e-6, 2e-6, 3e-6})});
  report.Add({.name = "stat",
              .who = "coppice",
              .samples = Samples({3e-6, 3e-6, 3e-6}),
              .counts = {{"LOOKUP", 1234}, {"bytes", 4096, Unit::kBytes}}});
  return report;
}

// The words of each line that is not empty.
std::vector<std::vector<std::string>> WordsOf(const std::string& text) {
  std::vector<std::vector<std::string>> words;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    words.push_back(absl::StrSplit(line, ' ', absl::SkipEmpty()));
  }
  return words;
}

TEST(ReportTest, ARowShowsItsMedianItsSpreadItsRatioAndItsCounts) {
  using Words = std::vector<std::string>;
  const auto lines = WordsOf(TwoCompetitors().Text());
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines[0], (Words{"mount_floor", "by", "median", "spread", "/", "floor"}));
  EXPECT_EQ(lines[2], (Words{"stat", "floor", "2", "us", "100%", "1.00"}));
  EXPECT_EQ(lines[3], (Words{"coppice", "3", "us", "0%", "1.50"}));
  EXPECT_EQ(lines[4], (Words{"counts", "by", "LOOKUP", "bytes"}));
  EXPECT_EQ(lines[6], (Words{"stat", "coppice", "1,234", "4.0", "KiB"}));
}

TEST(ReportTest, WithoutCountsThereIsNoTableOfThem) {
  Report report("program", {});
  report.Add({.name = "stat", .who = "floor", .samples = Samples({1})});
  EXPECT_EQ(WordsOf(report.Text()).size(), 3u);
}

TEST(ReportTest, TheJsonHasThePlainNumbersInOneLine) {
  const std::string text = TwoCompetitors().Json(absl::OkStatus());
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["program"], "mount_floor");
  EXPECT_EQ(json["ok"], true);
  EXPECT_FALSE(json.contains("error"));
  ASSERT_EQ(json["rows"].size(), 2u);
  const auto& row = json["rows"][1];
  EXPECT_EQ(row["case"], "stat");
  EXPECT_EQ(row["who"], "coppice");
  EXPECT_EQ(row["unit"], "s");
  EXPECT_DOUBLE_EQ(row["median"].get<double>(), 3e-6);
  EXPECT_DOUBLE_EQ(row["spread"].get<double>(), 0);
  EXPECT_EQ(row["samples"].size(), 3u);
  EXPECT_DOUBLE_EQ(row["ratios"]["floor"].get<double>(), 1.5);
  EXPECT_EQ(row["counts"]["LOOKUP"], 1234);
}

TEST(ReportTest, AnAbsentCompetitorIsARowThatSaysWhy) {
  Report report("import", {"local"});
  report.AddAbsent("cold", "squashfs", "mksquashfs is not installed");
  report.AddAbsent("warm", "squashfs", "mksquashfs is not installed");
  EXPECT_THAT(report.Text(),
              HasSubstr("absent: squashfs: mksquashfs is not installed (cold; warm)"));
  const auto json = nlohmann::json::parse(report.Json(absl::OkStatus()));
  EXPECT_EQ(json["rows"][0]["absent"], "mksquashfs is not installed");
  EXPECT_FALSE(json["rows"][0].contains("median"));
}

TEST(ReportTest, AProblemIsInTheJsonBesideWhatWasMeasured) {
  const auto json =
      nlohmann::json::parse(TwoCompetitors().Json(absl::InternalError("the peer \xff died")));
  EXPECT_EQ(json["ok"], false);
  EXPECT_THAT(json["error"].get<std::string>(), HasSubstr("the peer"));
  EXPECT_EQ(json["rows"].size(), 2u);
}

TEST(ReportTest, AGoalIsMetOrMissedByTheRatioOfTwoMedians) {
  Report report = TwoCompetitors();
  report.AddGoalOf("stat / floor", {"stat", "coppice"}, {"stat", "floor"}, 1.3);
  report.AddGoalOf("floor / stat", {"stat", "floor"}, {"stat", "coppice"}, 0.5, /*at_most=*/false);
  const auto json = nlohmann::json::parse(report.Json(absl::OkStatus()));
  ASSERT_EQ(json["goals"].size(), 2u);
  EXPECT_DOUBLE_EQ(json["goals"][0]["value"].get<double>(), 1.5);
  EXPECT_EQ(json["goals"][0]["met"], false);
  EXPECT_EQ(json["goals"][1]["met"], true);
  EXPECT_THAT(report.Text(), HasSubstr("<= 1.30  missed"));
  EXPECT_THAT(report.Text(), HasSubstr(">= 0.50     met"));
}

TEST(ReportTest, AGoalWhoseRowsWereNotMeasuredIsANote) {
  Report report = TwoCompetitors();
  report.AddAbsent("stat", "squashfs", "not installed");
  report.AddGoalOf("squashfs", {"stat", "squashfs"}, {"stat", "floor"}, 1);
  report.AddGoalOf("nobody", {"stat", "nobody"}, {"stat", "floor"}, 1);
  const auto json = nlohmann::json::parse(report.Json(absl::OkStatus()));
  EXPECT_EQ(json["goals"].size(), 0u);
  EXPECT_EQ(json["notes"].size(), 2u);
  EXPECT_THAT(report.Text(), HasSubstr("not measured: squashfs"));
}

TEST(MedianCountsTest, EachCountIsTheMedianOfItsSamplesAndMissingOnesAreNone) {
  const auto medians = MedianCounts({{{"READ", 5}},
                                     {{"READ", 7}, {"OPEN", 3}, {"bytes", 10, Unit::kBytes}},
                                     {{"bytes", 30, Unit::kBytes}, {"READ", 6}}});
  ASSERT_EQ(medians.size(), 3u);
  EXPECT_EQ(medians[0].name, "READ");
  EXPECT_EQ(medians[0].value, 6);
  EXPECT_EQ(medians[1].name, "OPEN");
  EXPECT_EQ(medians[1].value, 0);
  EXPECT_EQ(medians[2].name, "bytes");
  EXPECT_EQ(medians[2].value, 10);
  EXPECT_EQ(medians[2].unit, Unit::kBytes);
  EXPECT_TRUE(MedianCounts({}).empty());
}

TEST(FormatValueTest, NumbersAreScaledForPeople) {
  EXPECT_EQ(FormatValue(Unit::kSeconds, 0.571), "571 ms");
  EXPECT_EQ(FormatValue(Unit::kSeconds, 2.5), "2.5 s");
  EXPECT_EQ(FormatValue(Unit::kSeconds, 12.34e-6), "12.3 us");
  EXPECT_EQ(FormatValue(Unit::kSeconds, 0), "0 s");
  EXPECT_EQ(FormatValue(Unit::kBytesPerSecond, 2.314e9), "2.31 GB/s");
  EXPECT_EQ(FormatValue(Unit::kBytesPerSecond, 10), "10 B/s");
  EXPECT_EQ(FormatValue(Unit::kBytes, 4096), "4.0 KiB");
  EXPECT_EQ(FormatValue(Unit::kCount, 1234), "1,234");
  EXPECT_EQ(FormatValue(Unit::kCount, 0.25), "0.25");
  EXPECT_EQ(FormatValue(Unit::kCount, 2454.5), "2,455");
}

}  // namespace
}  // namespace coppice
