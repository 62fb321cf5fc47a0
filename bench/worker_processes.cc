#include "bench/worker_processes.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/pidfd.h"
#include "deploy/pipe.h"

namespace coppice {
namespace {

// In memory that the children share with us.
struct Slot {
  int64_t started_ns;
  int64_t ended_ns;
  int error;
};

int64_t MonotonicNanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

class SharedSlots {
 public:
  explicit SharedSlots(size_t count)
      : count_(count),
        memory_(mmap(nullptr, count * sizeof(Slot), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
  SharedSlots(const SharedSlots&) = delete;
  SharedSlots& operator=(const SharedSlots&) = delete;
  ~SharedSlots() {
    if (valid()) munmap(memory_, count_ * sizeof(Slot));
  }

  bool valid() const { return memory_ != MAP_FAILED; }
  Slot& operator[](size_t i) { return static_cast<Slot*>(memory_)[i]; }

 private:
  const size_t count_;
  void* const memory_;
};

class Group {
 public:
  Group(size_t workers, const Work& work) : work_(work), slots_(workers) {}
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  ~Group() {
    for (const Child& child : children_) {
      if (child.ended) continue;
      kill(child.pid, SIGKILL);
      waitpid(child.pid, nullptr, 0);
    }
  }

  absl::Status Start(size_t workers) {
    if (!slots_.valid()) return ErrnoStatus(errno, "share memory with the workers");
    auto gate = OpenPipe();
    if (!gate.ok()) return gate.status();
    auto ready = OpenPipe();
    if (!ready.ok()) return ready.status();
    const pid_t parent = getpid();
    for (size_t i = 0; i < workers; ++i) {
      const pid_t pid = fork();
      if (pid < 0) return ErrnoStatus(errno, "start a worker");
      if (pid == 0) RunChild(i, parent, *gate, *ready);
      children_.push_back({.pid = pid, .descriptor = FileDescriptor(OpenPidfd(pid))});
    }
    gate->read_end.Reset();
    ready->write_end.Reset();
    gate_ = *std::move(gate);
    ready_ = *std::move(ready);
    return absl::OkStatus();
  }

  absl::StatusOr<absl::Duration> Run(const WaitLimits& limits) {
    // At its end of file, all have prepared (or died).
    const auto prepared = WaitReadable({ready_.read_end.get()}, limits);
    if (!prepared.ok()) return prepared.status();
    gate_.write_end.Reset();
    if (absl::Status status = AwaitEnds(limits); !status.ok()) return status;
    int64_t started = INT64_MAX;
    int64_t ended = 0;
    for (size_t i = 0; i < children_.size(); ++i) {
      const Slot& slot = slots_[i];
      if (slot.error != 0) return ErrnoStatus(slot.error, absl::StrCat("worker ", i));
      if (slot.ended_ns == 0) return absl::InternalError(absl::StrCat("worker ", i, " died"));
      started = std::min(started, slot.started_ns);
      ended = std::max(ended, slot.ended_ns);
    }
    return absl::Nanoseconds(ended - started);
  }

 private:
  struct Child {
    pid_t pid = -1;
    FileDescriptor descriptor;
    bool ended = false;
  };

  [[noreturn]] void RunChild(size_t index, pid_t parent, Pipe& gate, Pipe& ready) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    gate.write_end.Reset();
    ready.read_end.Reset();
    Slot& slot = slots_[index];
    int prepared = -1;
    slot.error = work_.prepare(index, prepared);
    ready.write_end.Reset();
    char byte = 0;
    // Nothing is ever written: the gate opens when its other end is closed.
    while (read(gate.read_end.get(), &byte, 1) < 0 && errno == EINTR) {
    }
    if (slot.error == 0) {
      slot.started_ns = MonotonicNanoseconds();
      slot.error = work_.work(index, prepared);
      slot.ended_ns = MonotonicNanoseconds();
    }
    _exit(0);
  }

  absl::Status AwaitEnds(const WaitLimits& limits) {
    std::vector<int> running;
    for (const Child& child : children_) running.push_back(child.descriptor.get());
    for (size_t count = 0; count < children_.size(); ++count) {
      const auto ended = WaitReadable(running, limits);
      if (!ended.ok()) return ended.status();
      running[*ended] = -1;
      waitpid(children_[*ended].pid, nullptr, 0);
      children_[*ended].ended = true;
    }
    return absl::OkStatus();
  }

  const Work& work_;
  SharedSlots slots_;
  std::vector<Child> children_;
  Pipe gate_;
  Pipe ready_;
};

}  // namespace

absl::StatusOr<absl::Duration> RunWorkers(size_t workers, const Work& work,
                                          absl::Duration duration_max,
                                          const BenchContext& context) {
  assert(workers >= 1 && workers <= kWorkersMax);
  Group group(workers, work);
  if (absl::Status status = group.Start(workers); !status.ok()) return status;
  return group.Run(context.Limits(duration_max));
}

}  // namespace coppice
