#include "bench/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "deploy/table.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using Json = nlohmann::ordered_json;

struct Scale {
  double factor;
  absl::string_view name;
};

// The largest of the scales that leaves at least 1; else the smallest, which is the last.
template <size_t kCount>
std::string Scaled(double value, const std::array<Scale, kCount>& scales) {
  const Scale* chosen = &scales.back();
  for (const Scale& scale : scales) {
    if (value < scale.factor) continue;
    chosen = &scale;
    break;
  }
  return absl::StrFormat("%.3g %s", value / chosen->factor, chosen->name);
}

constexpr std::array<Scale, 4> kSeconds = {{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}};
constexpr std::array<Scale, 4> kRates = {{{1e9, "GB/s"}, {1e6, "MB/s"}, {1e3, "kB/s"}, {1, "B/s"}}};

// Of larger counts, the fraction says nothing.
constexpr double kFractionsBelow = 100;

absl::string_view UnitName(Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return "s";
    case Unit::kBytesPerSecond:
      return "B/s";
    case Unit::kBytes:
      return "B";
    case Unit::kCount:
      return "1";
  }
  return "";
}

Json RowJson(const Report& report, const ReportRow& row,
             const std::vector<std::string>& baselines) {
  Json json = {{"case", row.name}, {"who", row.who}};
  if (!row.absent.empty()) {
    json["absent"] = row.absent;
    return json;
  }
  json["unit"] = UnitName(row.unit);
  if (!row.samples.empty()) {
    json["median"] = row.samples.Median();
    json["min"] = row.samples.Min();
    json["max"] = row.samples.Max();
    json["spread"] = row.samples.Spread();
  }
  json["samples"] = row.samples.values();
  json["ratios"] = Json::object();
  for (const std::string& baseline : baselines) {
    const ReportRow* const divisor = report.Find(row.name, baseline);
    if (divisor == nullptr) continue;
    const double ratio = MedianRatio(row.samples, divisor->samples);
    if (ratio != 0) json["ratios"][baseline] = ratio;
  }
  json["counts"] = Json::object();
  for (const Count& count : row.counts) json["counts"][count.name] = count.value;
  return json;
}

}  // namespace

std::string FormatValue(Unit unit, double value) {
  switch (unit) {
    case Unit::kSeconds:
      return value == 0 ? "0 s" : Scaled(value, kSeconds);
    case Unit::kBytesPerSecond:
      return Scaled(value, kRates);
    case Unit::kBytes:
      return FormatBytes(static_cast<uint64_t>(value));
    case Unit::kCount:
      // A count per operation may be a fraction, and so is half of two.
      return value == std::floor(value) || value >= kFractionsBelow
                 ? FormatCount(static_cast<uint64_t>(std::round(value)))
                 : absl::StrFormat("%.2f", value);
  }
  return "";
}

void AppendCounts(std::vector<Count> others, std::vector<Count>& counts) {
  counts.insert(counts.end(), std::make_move_iterator(others.begin()),
                std::make_move_iterator(others.end()));
}

std::vector<Count> MedianCounts(const std::vector<std::vector<Count>>& samples) {
  std::vector<Count> medians;
  const auto find = [](const std::vector<Count>& counts, const std::string& name) {
    return std::find_if(counts.begin(), counts.end(),
                        [&](const Count& count) { return count.name == name; });
  };
  for (const auto& sample : samples) {
    for (const Count& count : sample) {
      if (find(medians, count.name) == medians.end()) medians.push_back(count);
    }
  }
  for (Count& median : medians) {
    Samples values;
    for (const auto& sample : samples) {
      const auto count = find(sample, median.name);
      values.Add(count == sample.end() ? 0 : count->value);
    }
    median.value = values.Median();
  }
  return medians;
}

void Report::AddAbsent(std::string name, std::string who, std::string why) {
  rows_.push_back({.name = std::move(name), .who = std::move(who), .absent = std::move(why)});
}

void Report::AddGoalOf(const std::string& name, std::pair<std::string, std::string> row,
                       std::pair<std::string, std::string> divisor, double goal, bool at_most) {
  const ReportRow* const value_row = Find(row.first, row.second);
  const ReportRow* const divisor_row = Find(divisor.first, divisor.second);
  if (value_row == nullptr || divisor_row == nullptr || value_row->samples.empty() ||
      divisor_row->samples.empty()) {
    notes_.push_back(absl::StrCat("not measured: ", name));
    return;
  }
  goals_.push_back({name, MedianRatio(value_row->samples, divisor_row->samples), goal, at_most});
}

const ReportRow* Report::Find(const std::string& name, const std::string& who) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const ReportRow& row) {
    return row.name == name && row.who == who;
  });
  return found == rows_.end() ? nullptr : &*found;
}

std::string Report::Text() const {
  std::string text = TimesTable();
  // Each reason once, with all that it holds for.
  std::map<std::string, std::vector<std::string>> absences;
  for (const ReportRow& row : rows_) {
    if (row.absent.empty()) continue;
    absences[absl::StrCat(row.who, ": ", row.absent)].push_back(row.name);
  }
  for (const auto& [reason, names] : absences) {
    absl::StrAppend(&text, "absent: ", reason, " (", absl::StrJoin(names, "; "), ")\n");
  }
  const std::string counts = CountsTable();
  absl::StrAppend(&text, counts.empty() ? "" : "\n", counts);
  if (!goals_.empty()) {
    Table goals({"ratio", "measured", "goal", ""});
    for (const GoalRatio& goal : goals_) {
      goals.AddRow({goal.name, absl::StrFormat("%.2f", goal.value),
                    absl::StrFormat("%s %.2f", goal.at_most ? "<=" : ">=", goal.goal),
                    goal.Met() ? "met" : "missed"});
    }
    absl::StrAppend(&text, "\n", goals.Text());
  }
  if (!notes_.empty()) absl::StrAppend(&text, "\n");
  for (const std::string& note : notes_) absl::StrAppend(&text, note, "\n");
  return text;
}

std::string Report::TimesTable() const {
  std::vector<std::string> titles = {program_, "by", "median", "spread"};
  for (const std::string& baseline : baselines_) titles.push_back(absl::StrCat("/ ", baseline));
  Table table(std::move(titles));
  const std::string* name_before = nullptr;
  for (const ReportRow& row : rows_) {
    // The name of a case is printed once.
    const bool again = name_before != nullptr && *name_before == row.name;
    name_before = &row.name;
    std::vector<std::string> cells = {again ? "" : row.name, row.who};
    if (row.samples.empty()) {
      cells.insert(cells.end(), {row.absent.empty() ? "-" : "absent", ""});
    } else {
      cells.push_back(FormatValue(row.unit, row.samples.Median()));
      cells.push_back(absl::StrFormat("%.0f%%", row.samples.Spread() * 100));
    }
    for (const std::string& baseline : baselines_) {
      const ReportRow* const divisor = Find(row.name, baseline);
      const double ratio = divisor == nullptr ? 0 : MedianRatio(row.samples, divisor->samples);
      cells.push_back(ratio == 0 ? "" : absl::StrFormat("%.2f", ratio));
    }
    table.AddRow(std::move(cells));
  }
  return table.Text();
}

std::string Report::CountsTable() const {
  std::vector<std::string> names;
  for (const ReportRow& row : rows_) {
    for (const Count& count : row.counts) {
      if (std::find(names.begin(), names.end(), count.name) == names.end()) {
        names.push_back(count.name);
      }
    }
  }
  if (names.empty()) return "";
  std::vector<std::string> titles = {"counts", "by"};
  titles.insert(titles.end(), names.begin(), names.end());
  Table table(std::move(titles));
  const std::string* name_before = nullptr;
  for (const ReportRow& row : rows_) {
    if (row.counts.empty()) continue;
    const bool again = name_before != nullptr && *name_before == row.name;
    name_before = &row.name;
    std::vector<std::string> cells = {again ? "" : row.name, row.who};
    for (const std::string& name : names) {
      const auto count = std::find_if(row.counts.begin(), row.counts.end(),
                                      [&](const Count& each) { return each.name == name; });
      cells.push_back(count == row.counts.end() ? "" : FormatValue(count->unit, count->value));
    }
    table.AddRow(std::move(cells));
  }
  return table.Text();
}

std::string Report::Json(const absl::Status& problem) const {
  nlohmann::ordered_json json = {{"program", program_}, {"ok", problem.ok()}};
  if (!problem.ok()) json["error"] = std::string(problem.message());
  json["rows"] = nlohmann::ordered_json::array();
  for (const ReportRow& row : rows_) json["rows"].push_back(RowJson(*this, row, baselines_));
  json["goals"] = nlohmann::ordered_json::array();
  for (const GoalRatio& goal : goals_) {
    json["goals"].push_back({{"name", goal.name},
                             {"value", goal.value},
                             {"goal", goal.goal},
                             {"at_most", goal.at_most},
                             {"met", goal.Met()}});
  }
  json["notes"] = notes_;
  // Paths and messages of others may hold bytes that are no UTF-8.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace coppice
