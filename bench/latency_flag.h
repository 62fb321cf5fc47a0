// --latency of a slow store, alike in every program that has one. Refused while flags are parsed,
// before anything is mounted. Not thread-safe, as CLI11.
#ifndef COPPICE_BENCH_LATENCY_FLAG_H_
#define COPPICE_BENCH_LATENCY_FLAG_H_

#include "CLI/CLI.hpp"
#include "absl/time/time.h"

namespace coppice {

// For flags: a store that takes longer to answer is a mistake.
inline constexpr absl::Duration kStoreLatencyMax = absl::Minutes(1);

// `latency` outlives the parsing; what it holds is the default.
void AddLatencyFlag(CLI::App& app, absl::Duration& latency);

}  // namespace coppice

#endif  // COPPICE_BENCH_LATENCY_FLAG_H_
