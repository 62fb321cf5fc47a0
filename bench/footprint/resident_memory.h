// The physical memory of a process, by where it comes from (proc(5), /proc/PID/status).
// Thread-safe: a value and a function without state.
#ifndef COPPICE_BENCH_FOOTPRINT_RESIDENT_MEMORY_H_
#define COPPICE_BENCH_FOOTPRINT_RESIDENT_MEMORY_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"

namespace coppice {

// Bytes.
struct ResidentMemory {
  // Heap and stacks: its own.
  uint64_t anonymous = 0;
  // Programs and libraries: pages of the page cache, shared with whoever else maps them.
  uint64_t files = 0;
  // Shared memory, such as a memfd.
  uint64_t shared = 0;

  uint64_t total() const { return anonymous + files + shared; }
};

// NOT_FOUND when there is no such process.
absl::StatusOr<ResidentMemory> ReadResidentMemory(pid_t pid);

}  // namespace coppice

#endif  // COPPICE_BENCH_FOOTPRINT_RESIDENT_MEMORY_H_
