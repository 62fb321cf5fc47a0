#include "bench/system_call_counter.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

// Where tracefs is mounted; the second is where older systems have it.
constexpr const char* kTraceDirectories[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
constexpr char kTracepointId[] = "/events/raw_syscalls/sys_enter/id";
// How often the threads of a process are listed until they stay the same.
constexpr int kListingsMax = 20;

absl::StatusOr<uint64_t> ReadTracepointId() {
  for (const char* const directory : kTraceDirectories) {
    std::ifstream file(absl::StrCat(directory, kTracepointId));
    uint64_t id = 0;
    if (file >> id) return id;
  }
  return absl::UnimplementedError(absl::StrCat("the tracepoint of system calls cannot be read (",
                                               kTraceDirectories[0], kTracepointId,
                                               "): that takes root, and tracefs mounted there"));
}

// Sorted.
absl::StatusOr<std::vector<pid_t>> ThreadsOf(pid_t pid) {
  std::vector<pid_t> threads;
  std::error_code error;
  for (std::filesystem::directory_iterator task(absl::StrCat("/proc/", pid, "/task"), error), end;
       !error && task != end; task.increment(error)) {
    pid_t thread = 0;
    if (absl::SimpleAtoi(task->path().filename().string(), &thread)) threads.push_back(thread);
  }
  if (error || threads.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  }
  std::sort(threads.begin(), threads.end());
  return threads;
}

absl::StatusOr<FileDescriptor> CountThread(pid_t thread, uint64_t tracepoint) {
  perf_event_attr attributes = {};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.size = sizeof(attributes);
  attributes.config = tracepoint;
  attributes.inherit = 1;
  FileDescriptor event(
      static_cast<int>(syscall(SYS_perf_event_open, &attributes, thread,
                               /*cpu=*/-1, /*group_fd=*/-1, PERF_FLAG_FD_CLOEXEC)));
  if (event.valid()) return event;
  switch (errno) {
    case EACCES:
    case EPERM:
      return absl::UnimplementedError(
          "counting the system calls of a process (perf_event_open) takes root, or CAP_PERFMON");
    case ENOENT:
    case ENOSYS:
      return absl::UnimplementedError("this kernel has no perf events (perf_event_open)");
    default:
      return ErrnoStatus(errno, absl::StrCat("count the system calls of thread ", thread));
  }
}

// All threads that were there, or none when they changed meanwhile: one that is new was started by
// another before that one was counted, and is missing, or after it, and is counted already.
absl::StatusOr<std::vector<FileDescriptor>> CountProcessOnce(pid_t pid, uint64_t tracepoint) {
  const auto threads = ThreadsOf(pid);
  if (!threads.ok()) return threads.status();
  std::vector<FileDescriptor> events;
  for (const pid_t thread : *threads) {
    auto event = CountThread(thread, tracepoint);
    if (StatusErrno(event.status()) == ESRCH) return std::vector<FileDescriptor>();
    if (!event.ok()) return event.status();
    events.push_back(*std::move(event));
  }
  const auto now = ThreadsOf(pid);
  if (!now.ok()) return now.status();
  if (*now != *threads) events.clear();
  return events;
}

}  // namespace

absl::StatusOr<SystemCallCounter> SystemCallCounter::Start(const std::vector<pid_t>& pids) {
  const auto tracepoint = ReadTracepointId();
  if (!tracepoint.ok()) return tracepoint.status();
  std::vector<FileDescriptor> events;
  for (const pid_t pid : pids) {
    std::vector<FileDescriptor> of_process;
    for (int listing = 0; of_process.empty(); ++listing) {
      if (listing == kListingsMax) {
        return absl::UnavailableError(
            absl::StrCat("the threads of process ", pid, " come and go too fast to be counted"));
      }
      auto counted = CountProcessOnce(pid, *tracepoint);
      if (!counted.ok()) return counted.status();
      of_process = *std::move(counted);
    }
    std::move(of_process.begin(), of_process.end(), std::back_inserter(events));
  }
  return SystemCallCounter(std::move(events));
}

absl::StatusOr<uint64_t> SystemCallCounter::Total() const {
  uint64_t total = 0;
  for (const FileDescriptor& event : events_) {
    uint64_t count = 0;
    if (read(event.get(), &count, sizeof(count)) != sizeof(count)) {
      return ErrnoStatus(errno, "read a count of system calls");
    }
    total += count;
  }
  return total;
}

absl::Status CheckSystemCallsCountable() { return SystemCallCounter::Start({getpid()}).status(); }

std::string SystemCallsNote(const absl::Status& not_countable) {
  return absl::StrCat("System calls were not counted: ", not_countable.message(), ".");
}

}  // namespace coppice
