// Runs several measurements side by side: each round takes every one of them once, so that whatever
// else the machine does in the meantime falls on all alike. Each round begins with another one, so
// that none always follows the same neighbour. Not thread-safe.
#ifndef COPPICE_BENCH_INTERLEAVE_H_
#define COPPICE_BENCH_INTERLEAVE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "bench/samples.h"

namespace coppice {

struct NamedMeasurement {
  std::string name;
  // Measures once, setting up and tearing down what it needs outside of what it times.
  std::function<absl::StatusOr<double>()> measure;
};

// One Samples for each measurement, in their order, after context.rounds rounds. The first error
// ends it, with the name of its measurement; so does an interruption.
absl::StatusOr<std::vector<Samples>> Interleave(const std::vector<NamedMeasurement>& measurements,
                                                const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_INTERLEAVE_H_
