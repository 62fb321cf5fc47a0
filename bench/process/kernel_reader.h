// Reads through the kernel, as a program does: the workloads that every mount is given. One thread,
// plain system calls. Thread-safe: functions without state.
#ifndef COPPICE_BENCH_PROCESS_KERNEL_READER_H_
#define COPPICE_BENCH_PROCESS_KERNEL_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace coppice {

// From beginning to end, 1 MiB a call; the bytes read.
absl::StatusOr<uint64_t> ReadSequentially(const std::string& path);

struct TreeTotals {
  size_t directories = 0;  // the root is one
  size_t files = 0;
  size_t other = 0;    // links and the like, which are not followed
  uint64_t bytes = 0;  // read, or 0
};

// Lists everything below, in the order of the directories. `read_files`: opens, reads and closes
// each regular file; otherwise every name is stat'ed, as find(1) with a test would.
absl::StatusOr<TreeTotals> WalkTree(const std::string& root, bool read_files);

// The regular files below, relative to the root.
absl::StatusOr<std::vector<std::string>> FilesBelow(const std::string& root);

// lstat(2) of every path below the root, and of as many names that are missing. An error when one
// is not as it should be.
absl::Status StatAll(const std::string& root, const std::vector<std::string>& files);

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_KERNEL_READER_H_
