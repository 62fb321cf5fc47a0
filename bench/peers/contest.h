// Cases of work, each done by every contender in rounds. One that fails while it is measured is out
// for the rest of the run: the others go on, and the end of the run says who failed. Not
// thread-safe.
#ifndef COPPICE_BENCH_PEERS_CONTEST_H_
#define COPPICE_BENCH_PEERS_CONTEST_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"
#include "bench/peers/contender.h"
#include "bench/report.h"

namespace coppice {

// A piece of work on a tree, and how long it took.
using Work = std::function<absl::StatusOr<absl::Duration>(const std::string& root)>;

struct Case {
  std::string name;
  Work work;
  // Done once before it is timed.
  bool warm = false;
};

class Contest {
 public:
  // `report` outlives this.
  Contest(std::vector<ContenderOrReason> contenders, const BenchContext& context, Report& report)
      : contenders_(std::move(contenders)), context_(context), report_(report) {}

  // Adds a row of the case for each contender: what it took, or why it is absent. An error only
  // when the run was interrupted.
  absl::Status Measure(const Case& each);

  // After all cases: an error that names who failed.
  absl::Status Outcome() const;

 private:
  absl::StatusOr<double> MeasureOnce(const Case& each, Contender& contender, Samples& cpu);
  // Measures once; one that fails is out, and is 0 from then on.
  absl::StatusOr<double> MeasureUnlessOut(const Case& each, ContenderOrReason& contender,
                                          Samples& cpu);

  std::vector<ContenderOrReason> contenders_;
  const BenchContext context_;
  Report& report_;
  std::vector<std::string> failures_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_PEERS_CONTEST_H_
