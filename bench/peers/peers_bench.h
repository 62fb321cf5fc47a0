// The mounts that a user could take instead of ours, on the same tree with the same work: an
// import, many stats, a large file. Fills a report.
#ifndef COPPICE_BENCH_PEERS_PEERS_BENCH_H_
#define COPPICE_BENCH_PEERS_PEERS_BENCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/bench_context.h"
#include "bench/peers/contender.h"
#include "bench/report.h"

namespace coppice {

struct PeersOptions {
  // REQUIRES: CheckModuleName (deploy/import_workload.h) has nothing against it.
  std::string module = "numpy";
  // Of the large file.
  uint64_t size_bytes = uint64_t{256} << 20;
  std::vector<std::string> contenders{kContenderNames.begin(), kContenderNames.end()};
};

// A contender that fails while it is measured is a row that says so, and the error in the end: all
// others are measured.
absl::Status MeasurePeers(const PeersOptions& options, const BenchContext& context, Report& report);

}  // namespace coppice

#endif  // COPPICE_BENCH_PEERS_PEERS_BENCH_H_
