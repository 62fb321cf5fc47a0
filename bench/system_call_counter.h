// Counts the system calls of processes: of all their threads and children, also of those that are
// started later. By the kernel's tracepoint raw_syscalls:sys_enter (perf_event_open(2)).
//
// While one exists, every system call of the whole machine is slower: never count in a run that is
// timed. Not thread-safe.
#ifndef COPPICE_BENCH_SYSTEM_CALL_COUNTER_H_
#define COPPICE_BENCH_SYSTEM_CALL_COUNTER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_descriptor.h"

namespace coppice {

class SystemCallCounter {
 public:
  // From now on. UNIMPLEMENTED: this machine, or this user, cannot, and what would help. NOT_FOUND:
  // one of the processes is gone. UNAVAILABLE: one of them starts threads faster than they can be
  // listed.
  static absl::StatusOr<SystemCallCounter> Start(const std::vector<pid_t>& pids);

  // Since Start, of all of them together. Of our own process, the few calls that counting takes are
  // among them.
  absl::StatusOr<uint64_t> Total() const;

 private:
  explicit SystemCallCounter(std::vector<FileDescriptor> events) : events_(std::move(events)) {}

  // One for each thread that was there; its offspring adds to it.
  std::vector<FileDescriptor> events_;
};

// Whether they can be counted at all, as Start says.
absl::Status CheckSystemCallsCountable();
// What a report says instead of the counts, then.
std::string SystemCallsNote(const absl::Status& not_countable);

}  // namespace coppice

#endif  // COPPICE_BENCH_SYSTEM_CALL_COUNTER_H_
