#include "deploy/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/pidfd.h"

namespace coppice {
namespace {

constexpr absl::Duration kKillWaitMax = absl::Seconds(5);
// As a shell says it.
constexpr int kExitNotExecutable = 127;
constexpr int kExitNotReleased = 126;

// What the child needs between fork and exec, prepared so that it allocates nothing.
struct ChildPlan {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  // Ascending; what lies between is closed.
  std::vector<int> kept;
  int input = -1;
  int output = -1;
  int error = -1;
  int gate = -1;
};

std::vector<char*> PointersTo(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void FailInChild(const char* what) {
  const char* reason = strerrordesc_np(errno);
  for (const char* text : {"cannot ", what, ": ", reason == nullptr ? "?" : reason, "\n"}) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) break;
  }
  _exit(kExitNotExecutable);
}

void ResetSignals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    // KILL, STOP and the two that libc keeps refuse; they need no reset.
    sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void EnterNamespaces(const NamespaceDescriptors& namespaces) {
  if (namespaces.network >= 0 && setns(namespaces.network, CLONE_NEWNET) != 0) {
    FailInChild("enter the node's network namespace");
  }
  if (namespaces.uts >= 0 && setns(namespaces.uts, CLONE_NEWUTS) != 0) {
    FailInChild("enter the node's UTS namespace");
  }
  if (namespaces.mount >= 0 && setns(namespaces.mount, CLONE_NEWNS) != 0) {
    FailInChild("enter the node's mount namespace");
  }
}

// The child: system calls only.
[[noreturn]] void RunChild(const ChildPlan& plan, const ChildProcessOptions& options) {
  // Duplicates above the three, so that no dup2 overwrites what a later one needs.
  const int input = fcntl(plan.input, F_DUPFD, STDERR_FILENO + 1);
  const int output = plan.output < 0 ? -1 : fcntl(plan.output, F_DUPFD, STDERR_FILENO + 1);
  const int error = plan.error < 0 ? -1 : fcntl(plan.error, F_DUPFD, STDERR_FILENO + 1);
  if (error >= 0) dup2(error, STDERR_FILENO);
  if (output >= 0) dup2(output, STDOUT_FILENO);
  dup2(input, STDIN_FILENO);
  if (options.new_session) setsid();
  if (options.parent_death_signal != 0) prctl(PR_SET_PDEATHSIG, options.parent_death_signal);
  EnterNamespaces(options.namespaces);
  unsigned int first = STDERR_FILENO + 1;
  for (const int kept : plan.kept) {
    const auto number = static_cast<unsigned int>(kept);
    if (number > first) close_range(first, number - 1, 0);
    first = std::max(first, number + 1);
    // The gate alone is ours: it closes at exec.
    if (kept != plan.gate) fcntl(kept, F_SETFD, 0);
  }
  close_range(first, UINT_MAX, 0);
  if (chdir("/") != 0) FailInChild("change to directory /");
  ResetSignals();
  char go = 0;
  ssize_t received = 0;
  do {
    received = read(plan.gate, &go, 1);
  } while (received < 0 && errno == EINTR);
  // End of file: our parent died before it let us go.
  if (received != 1) _exit(kExitNotReleased);
  execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
  FailInChild(plan.arguments[0]);
}

// Forks; in a PID namespace when one is given. A PID namespace is entered by the children of
// whoever calls setns(2), so we enter before the fork and come back after it.
absl::StatusOr<pid_t> ForkInto(int pid_namespace, const ChildPlan& plan,
                               const ChildProcessOptions& options) {
  FileDescriptor own;
  if (pid_namespace >= 0) {
    own = FileDescriptor(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
    if (!own.valid()) return ErrnoStatus(errno, "open /proc/self/ns/pid");
    if (setns(pid_namespace, CLONE_NEWPID) != 0) {
      return ErrnoStatus(errno, "enter the node's PID namespace");
    }
  }
  // _Fork, not fork: handlers that libraries registered for fork take locks.
  const pid_t pid = _Fork();
  if (pid == 0) RunChild(plan, options);
  const int fork_error = errno;
  if (own.valid() && setns(own.get(), CLONE_NEWPID) != 0) {
    return ErrnoStatus(errno, "return to our own PID namespace");
  }
  if (pid < 0) return ErrnoStatus(fork_error, "fork");
  return pid;
}

absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags) {
  FileDescriptor file(open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0600));
  if (!file.valid()) return ErrnoStatus(errno, absl::StrCat("open '", path, "'"));
  return file;
}

}  // namespace

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    environment.emplace_back(*variable);
  }
  return environment;
}

absl::StatusOr<ChildProcess> ChildProcess::Start(const ChildProcessOptions& options) {
  if (options.arguments.empty()) return absl::InvalidArgumentError("no program to start");
  const std::string& program = options.arguments[0];
  if (access(program.c_str(), X_OK) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot run '", program, "'"));
  }
  auto gate = OpenPipe();
  if (!gate.ok()) return gate.status();
  auto null = OpenFile("/dev/null", O_RDWR);
  if (!null.ok()) return null.status();
  FileDescriptor log;
  if (!options.log_file.empty()) {
    auto opened = OpenFile(options.log_file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
    if (!opened.ok()) return Annotate(opened.status(), "the log");
    log = *std::move(opened);
  }

  ChildPlan plan;
  plan.arguments = PointersTo(options.arguments);
  plan.environment = PointersTo(options.environment);
  plan.kept = options.kept_descriptors;
  plan.kept.push_back(gate->read_end.get());
  std::sort(plan.kept.begin(), plan.kept.end());
  plan.input = options.standard_input >= 0 ? options.standard_input : null->get();
  plan.output = options.standard_output >= 0 ? options.standard_output : log.get();
  plan.error = log.get();
  plan.gate = gate->read_end.get();

  const auto pid = ForkInto(options.namespaces.pid, plan, options);
  if (!pid.ok()) return Annotate(pid.status(), absl::StrCat("cannot start '", program, "'"));
  FileDescriptor pid_descriptor(OpenPidfd(*pid));
  if (!pid_descriptor.valid()) {
    const int error = errno;
    kill(*pid, SIGKILL);
    waitpid(*pid, nullptr, 0);
    return ErrnoStatus(error, "pidfd_open");
  }
  ChildProcess child(*pid, std::move(pid_descriptor), *std::move(gate));
  if (!options.held) {
    if (const absl::Status released = child.Release(); !released.ok()) return released;
  }
  return child;
}

ChildProcess::ChildProcess(pid_t pid, FileDescriptor pid_descriptor, Pipe gate)
    : pid_(pid), pid_descriptor_(std::move(pid_descriptor)), gate_(std::move(gate)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pid_descriptor_(std::move(other.pid_descriptor_)),
      gate_(std::move(other.gate_)),
      end_(other.end_),
      detached_(other.detached_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  KillAndReap();
  pid_ = std::exchange(other.pid_, -1);
  pid_descriptor_ = std::move(other.pid_descriptor_);
  gate_ = std::move(other.gate_);
  end_ = other.end_;
  detached_ = other.detached_;
  return *this;
}

ChildProcess::~ChildProcess() { KillAndReap(); }

void ChildProcess::KillAndReap() {
  if (pid_ < 0 || end_.has_value() || detached_) return;
  SignalPidfd(pid_descriptor_.get(), SIGKILL);
  // A failure leaves a zombie until we end; nothing better can be done about it here.
  Wait({.deadline = absl::Now() + kKillWaitMax}).IgnoreError();
}

absl::Status ChildProcess::Release() {
  if (!gate_.write_end.valid()) return absl::OkStatus();
  // We keep the read end open as well, so that this cannot raise SIGPIPE when the process has died.
  if (write(gate_.write_end.get(), "g", 1) != 1)
    return ErrnoStatus(errno, "release a held process");
  gate_.write_end.Reset();
  gate_.read_end.Reset();
  return absl::OkStatus();
}

absl::StatusOr<ExitState> ChildProcess::Wait(const WaitLimits& limits) {
  if (end_.has_value()) return *end_;
  const auto ended = WaitReadable({pid_descriptor_.get()}, limits);
  if (!ended.ok()) return ended.status();
  siginfo_t info = {};
  if (waitid(P_PIDFD, pid_descriptor_.get(), &info, WEXITED) != 0) {
    return ErrnoStatus(errno, absl::StrCat("wait for process ", pid_));
  }
  ExitState end;
  (info.si_code == CLD_EXITED ? end.code : end.signal) = info.si_status;
  end_ = end;
  return end;
}

absl::StatusOr<ExitState> ChildProcess::Terminate(absl::Duration grace) {
  if (end_.has_value()) return *end_;
  SignalPidfd(pid_descriptor_.get(), SIGTERM);
  auto end = Wait({.deadline = absl::Now() + grace});
  if (end.ok() || end.status().code() != absl::StatusCode::kDeadlineExceeded) return end;
  SignalPidfd(pid_descriptor_.get(), SIGKILL);
  return Wait({.deadline = absl::Now() + kKillWaitMax});
}

}  // namespace coppice
