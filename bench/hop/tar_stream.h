// tar over TCP: "tar c | relays | tar x", as one would copy a tree to the next node by hand.
// Blocks. Thread-safe: a function without state.
#ifndef COPPICE_BENCH_HOP_TAR_STREAM_H_
#define COPPICE_BENCH_HOP_TAR_STREAM_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"

namespace coppice {

struct TarStreamOptions {
  // The program of the relays.
  std::string relay;
  // TCP connections on the way.
  size_t hops = 1;
  // What is sent, all of it.
  std::string tree;
  // An empty directory. Empty: into /dev/null, so no file system has a part in it.
  std::string unpack_into;
  std::string log_file;
};

// NOT_FOUND where tar is not installed.
absl::Status CheckTar();

// From the start of both to the end of the last.
absl::StatusOr<absl::Duration> TimeTarStream(const TarStreamOptions& options,
                                             const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_TAR_STREAM_H_
