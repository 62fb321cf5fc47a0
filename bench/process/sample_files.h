// Files to read, made for one run: a large one, and a tree of many small ones. Their bytes differ
// from each other, so nothing on the way can be quick because all is alike. Blocks. Thread-safe:
// functions without state.
#ifndef COPPICE_BENCH_PROCESS_SAMPLE_FILES_H_
#define COPPICE_BENCH_PROCESS_SAMPLE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/bench_context.h"

namespace coppice {

// For flags: more is a mistake.
inline constexpr uint64_t kSampleBytesMax = uint64_t{1} << 40;
inline constexpr size_t kSampleFilesMax = 1'000'000;

// Both: CANCELLED, with what is there by then, once the user wants us to stop.
absl::Status WriteLargeFile(const std::string& path, uint64_t bytes, const BenchContext& context);

// `files` files of `file_bytes` in directories of `files_per_directory` below `root`, which is
// made: root/directory_N/file_N. The number of directories below the root.
absl::StatusOr<size_t> WriteSmallFiles(const std::string& root, size_t files, size_t file_bytes,
                                       size_t files_per_directory, const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_SAMPLE_FILES_H_
