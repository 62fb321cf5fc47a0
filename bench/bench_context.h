// What every part of a benchmark is given: how often to measure, whom to tell what happens, and how
// Ctrl-C reaches it. A value; thread-compatible.
#ifndef COPPICE_BENCH_BENCH_CONTEXT_H_
#define COPPICE_BENCH_BENCH_CONTEXT_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bench/samples.h"
#include "deploy/descriptor_wait.h"

namespace coppice {

struct BenchContext {
  size_t rounds = kRoundsDefault;
  // Readable once the user wants us to stop (deploy/interruption.h); -1: nobody can.
  int interrupt_descriptor = -1;
  // Is told what happens; required. For standard error.
  std::function<void(absl::string_view)> progress;

  // For a wait that takes at most `duration`.
  WaitLimits Limits(absl::Duration duration) const;
};

// CANCELLED once the user wants us to stop.
absl::Status CheckNotInterrupted(const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_BENCH_CONTEXT_H_
