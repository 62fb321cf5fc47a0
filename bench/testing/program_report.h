// Runs a program of bench/ with --json and reads its report, for tests. Blocks, for at most a
// minute.
#ifndef COPPICE_BENCH_TESTING_PROGRAM_REPORT_H_
#define COPPICE_BENCH_TESTING_PROGRAM_REPORT_H_

#include <map>
#include <string>
#include <vector>

namespace coppice {

struct ReportedRow {
  // 0 when it is absent, and in what unit the value is: "s", "B/s", "B", "1".
  double median = 0;
  std::string unit;
  std::map<std::string, double> counts;
  // Why nothing was measured; empty: something was.
  std::string absent;
};

struct ProgramReport {
  int exit_code = -1;
  std::string standard_error;
  // Of the last line, the JSON object.
  bool ok = false;
  // By case, then by competitor.
  std::map<std::string, std::map<std::string, ReportedRow>> rows;
  // By name.
  std::map<std::string, double> goals;
};

// `program` is a path within the workspace, such as "bench/hop/hop", among the test's data. Fails
// the test when the last line is no report.
ProgramReport RunForReport(const std::string& program, std::vector<std::string> arguments);

}  // namespace coppice

#endif  // COPPICE_BENCH_TESTING_PROGRAM_REPORT_H_
