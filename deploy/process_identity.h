// A process by more than its number: numbers are given out again, so a process that is remembered
// beyond the life of its parent is known by its number and the time of its start (proc(5),
// /proc/PID/stat field 22). Thread-safe: pure functions.
#ifndef COPPICE_DEPLOY_PROCESS_IDENTITY_H_
#define COPPICE_DEPLOY_PROCESS_IDENTITY_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/file_descriptor.h"

namespace coppice {

struct ProcessIdentity {
  pid_t pid = 0;
  // In clock ticks since the machine was started.
  uint64_t start_ticks = 0;

  bool operator==(const ProcessIdentity&) const = default;
};

// NOT_FOUND when there is no such process.
absl::StatusOr<ProcessIdentity> IdentifyProcess(pid_t pid);

// A pidfd of that very process: readable when it has ended, to be signalled with
// SignalPidfd. NOT_FOUND when it is gone or has ended and only awaits its parent, or
// another one has its number now.
absl::StatusOr<FileDescriptor> OpenProcess(const ProcessIdentity& identity);

// Field 22 of the text of a /proc/PID/stat; whatever the program calls itself in field 2.
// INVALID_ARGUMENT for other text.
absl::StatusOr<uint64_t> ParseStartTicks(absl::string_view stat_text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_PROCESS_IDENTITY_H_
