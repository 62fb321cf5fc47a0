// What a benchmark has measured: tables for people, one JSON object for programs. A row is one
// case done by one competitor: its median, its spread, its ratio to the baselines, its counts. All
// of it comes from one run of one program, so every ratio does. Thread-compatible.
#ifndef COPPICE_BENCH_REPORT_H_
#define COPPICE_BENCH_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bench/samples.h"

namespace coppice {

// What a number is, so that it can be printed as people read it. In JSON it is always the plain
// number: seconds, bytes per second, bytes, or a count.
enum class Unit { kSeconds, kBytesPerSecond, kBytes, kCount };

// "12.3 us", "0.571 s"; "2.31 GB/s" (powers of ten); "17.3 MiB"; "1,234".
std::string FormatValue(Unit unit, double value);

struct Count {
  std::string name;
  double value = 0;
  Unit unit = Unit::kCount;
};

// Adds the others behind those that are there.
void AppendCounts(std::vector<Count> others, std::vector<Count>& counts);

// Of several samples of one row: the median of each count, where a sample that has no count of a
// name has 0 of it. In the order of first appearance.
std::vector<Count> MedianCounts(const std::vector<std::vector<Count>>& samples);

struct ReportRow {
  // What was done, and by whom; together they are unique in a report.
  std::string name;
  std::string who;
  Unit unit = Unit::kSeconds;
  Samples samples;
  std::vector<Count> counts;
  // Not empty: nothing was measured, and why. The samples are then empty.
  std::string absent;
};

// A figure that shall be reached.
struct GoalRatio {
  std::string name;
  double value = 0;
  double goal = 0;
  // True: `value` shall be at most the goal. False: at least.
  bool at_most = true;

  bool Met() const { return at_most ? value <= goal : value >= goal; }
};

class Report {
 public:
  // `baselines` are competitors; each row shows its ratio to the row of the same case by each of
  // them.
  Report(std::string program, std::vector<std::string> baselines)
      : program_(std::move(program)), baselines_(std::move(baselines)) {}

  void Add(ReportRow row) { rows_.push_back(std::move(row)); }
  void AddAbsent(std::string name, std::string who, std::string why);
  void AddGoal(GoalRatio ratio) { goals_.push_back(std::move(ratio)); }
  // The ratio of two rows' medians as a goal. When one of the rows is absent, so is the goal: a
  // note says so.
  void AddGoalOf(const std::string& name, std::pair<std::string, std::string> row,
                 std::pair<std::string, std::string> divisor, double goal, bool at_most = true);
  // A sentence under the table: how the caches were made cold, what else to know.
  void AddNote(std::string note) { notes_.push_back(std::move(note)); }

  bool empty() const { return rows_.empty(); }
  const std::vector<ReportRow>& rows() const { return rows_; }
  // nullptr: there is none.
  const ReportRow* Find(const std::string& name, const std::string& who) const;

  // The times, then the counts, the goals and the notes. Ends with a newline.
  std::string Text() const;
  // One line. `problem` is what went wrong, if anything; the report may then be unfinished.
  //   {"program", "ok", "error", "rows": [{"case", "who", "unit", "median", "min", "max", "spread",
  //    "samples": [], "ratios": {BASELINE: number}, "counts": {NAME: number}} or {"case", "who",
  //    "absent"}], "goals": [{"name", "value", "goal", "at_most", "met"}], "notes": []}
  std::string Json(const absl::Status& problem) const;

 private:
  std::string TimesTable() const;
  // Empty when there are no counts.
  std::string CountsTable() const;

  const std::string program_;
  const std::vector<std::string> baselines_;
  std::vector<ReportRow> rows_;
  std::vector<GoalRatio> goals_;
  std::vector<std::string> notes_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_REPORT_H_
