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

namespace coppice {

absl::Status WriteLargeFile(const std::string& path, uint64_t bytes);

// `files` files of `file_bytes` in directories of `files_per_directory` below `root`, which is
// made: root/directory_N/file_N. The number of directories below the root.
absl::StatusOr<size_t> WriteSmallFiles(const std::string& root, size_t files, size_t file_bytes,
                                       size_t files_per_directory);

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_SAMPLE_FILES_H_
