// What a process has cost so far, from /proc (proc(5)) and its CPU clock (clock_getcpuclockid(3)):
// cheap enough to be asked before and after each measurement, and needs nothing from the process.
// Works for processes of the same user, and for all as root. Thread-safe: values and pure
// functions.
#ifndef COPPICE_BENCH_PROCESS_COSTS_H_
#define COPPICE_BENCH_PROCESS_COSTS_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace coppice {

struct ProcessCosts {
  // Of all its threads, also of those that have ended, in nanoseconds. The two parts are known to
  // the kernel's tick only (10 ms).
  absl::Duration cpu;
  absl::Duration user;
  absl::Duration system;
  // Of the threads that are there now.
  uint64_t voluntary_switches = 0;
  uint64_t involuntary_switches = 0;
  // System calls like read(2) and write(2), on files, pipes and FUSE; not those of sockets only
  // (sendmsg, recvmsg) and no others. 0 where the kernel does not say (/proc/PID/io).
  uint64_t read_calls = 0;
  uint64_t write_calls = 0;
  // Now, and at most so far.
  uint64_t resident_bytes = 0;
  uint64_t resident_bytes_max = 0;
};

// NOT_FOUND when there is no such process.
absl::StatusOr<ProcessCosts> ReadProcessCosts(pid_t pid);

// What was spent between the two; memory is that of `after`. What went down (threads that ended
// took their switches with them) counts as 0.
ProcessCosts CostsBetween(const ProcessCosts& before, const ProcessCosts& after);

// The value of "NAME:\t123 kB" in the text of a /proc file, or 0.
uint64_t ProcField(absl::string_view text, absl::string_view name);

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_COSTS_H_
