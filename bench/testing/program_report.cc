#include "bench/testing/program_report.h"

#include <string_view>

#include "deploy/testing/program_run.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

std::string LastLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t before = text.rfind('\n');
  return before == std::string::npos ? text : text.substr(before + 1);
}

ReportedRow ParseRow(const nlohmann::json& json) {
  ReportedRow row;
  row.absent = json.value("absent", "");
  if (!row.absent.empty()) return row;
  row.median = json.at("median");
  row.unit = json.at("unit");
  for (const auto& [name, value] : json.at("counts").items()) row.counts[name] = value;
  EXPECT_LE(json.at("min"), json.at("median"));
  EXPECT_LE(json.at("median"), json.at("max"));
  EXPECT_FALSE(json.at("samples").empty());
  return row;
}

}  // namespace

ProgramReport RunForReport(const std::string& program, std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const ProgramRun run = RunProgram(program, arguments, {"TMPDIR=/tmp"});
  ProgramReport report;
  report.exit_code = run.end.signal == 0 ? run.end.code : -1;
  report.standard_error = run.standard_error;
  const auto json = nlohmann::json::parse(LastLine(run.standard_output), nullptr,
                                          /*allow_exceptions=*/false);
  if (!json.is_object()) {
    ADD_FAILURE() << "no report:\n" << run.standard_output << run.standard_error;
    return report;
  }
  report.ok = json.value("ok", false);
  for (const auto& row : json.at("rows")) {
    const bool added = report.rows[row.at("case")].emplace(row.at("who"), ParseRow(row)).second;
    EXPECT_TRUE(added) << "twice: " << row.at("case") << ", " << row.at("who");
  }
  for (const auto& goal : json.at("goals")) report.goals[goal.at("name")] = goal.at("value");
  return report;
}

}  // namespace coppice
