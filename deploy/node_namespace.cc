#include "deploy/node_namespace.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/descriptor_wait.h"
#include "deploy/pidfd.h"
#include "deploy/pipe.h"

namespace coppice {
namespace {

constexpr absl::Duration kEndWaitMax = absl::Seconds(5);

// What PID 1 says when the node is made: 0, or the errno of the step that failed.
using Report = int;

int BringLoopbackUp() {
  const int socket_descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_descriptor < 0) return errno;
  ifreq request = {};
  memcpy(request.ifr_name, "lo", sizeof("lo"));
  request.ifr_flags = IFF_UP;
  const int error = ioctl(socket_descriptor, SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
  close(socket_descriptor);
  return error;
}

// System calls only: we were cloned from a program that may have threads.
Report MakeNode(const char* hostname, size_t hostname_size) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) return errno;
  if (sethostname(hostname, hostname_size) != 0) return errno;
  return BringLoopbackUp();
}

[[noreturn]] void RunFirstProcess(const char* hostname, size_t hostname_size, int report_end) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, hostname);
  setsid();
  // Ignored, so that processes whose parent has died are reaped without our doing.
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGCHLD, &ignore, nullptr);
  sigaction(SIGPIPE, &ignore, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const Report report = MakeNode(hostname, hostname_size);
  const auto keep = static_cast<unsigned int>(report_end);
  if (keep > 0) close_range(0, keep - 1, 0);
  close_range(keep + 1, UINT_MAX, 0);
  // Nobody reads it: whoever wanted the node died before the death signal was asked for.
  if (write(report_end, &report, sizeof(report)) != sizeof(report) || report != 0) _exit(1);
  close(report_end);
  while (true) pause();
}

absl::StatusOr<FileDescriptor> OpenNamespace(pid_t pid, const char* kind) {
  const std::string path = absl::StrCat("/proc/", pid, "/ns/", kind);
  FileDescriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.valid()) return ErrnoStatus(errno, absl::StrCat("open ", path));
  return descriptor;
}

}  // namespace

absl::StatusOr<NodeNamespace> NodeNamespace::Create(const std::string& hostname) {
  auto report = OpenPipe();
  if (!report.ok()) return report.status();
  const unsigned long flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | SIGCHLD;
  const auto pid =
      static_cast<pid_t>(syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr));
  if (pid < 0) {
    return ErrnoStatus(errno, absl::StrCat(hostname, ": make its namespaces (root may)"));
  }
  if (pid == 0) {
    report->read_end.Reset();
    RunFirstProcess(hostname.c_str(), hostname.size(), report->write_end.get());
  }
  NodeNamespace node(hostname, pid);
  node.pidfd_ = FileDescriptor(OpenPidfd(pid));
  report->write_end.Reset();
  Report error = 0;
  ssize_t count = 0;
  do {
    count = read(report->read_end.get(), &error, sizeof(error));
  } while (count < 0 && errno == EINTR);
  if (count != sizeof(error))
    return absl::InternalError(absl::StrCat(hostname, ": its PID 1 died"));
  if (error != 0) return ErrnoStatus(error, absl::StrCat(hostname, ": set up its namespaces"));
  if (const absl::Status opened = node.OpenDescriptors(); !opened.ok()) {
    return Annotate(opened, hostname);
  }
  return node;
}

absl::Status NodeNamespace::OpenDescriptors() {
  for (auto& [kind, descriptor] : {std::pair{"net", &network_}, std::pair{"mnt", &mount_},
                                   std::pair{"uts", &uts_}, std::pair{"pid", &pid_namespace_}}) {
    auto opened = OpenNamespace(pid_, kind);
    if (!opened.ok()) return opened.status();
    *descriptor = *std::move(opened);
  }
  return absl::OkStatus();
}

NodeNamespace::NodeNamespace(NodeNamespace&& other) noexcept
    : hostname_(std::move(other.hostname_)),
      pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      network_(std::move(other.network_)),
      mount_(std::move(other.mount_)),
      uts_(std::move(other.uts_)),
      pid_namespace_(std::move(other.pid_namespace_)) {}

NodeNamespace::~NodeNamespace() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  // It is gone when all within are, and those of them whose parent is outside when they were
  // reaped.
  if (WaitReadable({pidfd_.get()}, {.deadline = absl::Now() + kEndWaitMax}).ok()) {
    waitpid(pid_, nullptr, 0);
  }
}

NamespaceDescriptors NodeNamespace::descriptors() const {
  return {.network = network_.get(),
          .mount = mount_.get(),
          .uts = uts_.get(),
          .pid = pid_namespace_.get()};
}

}  // namespace coppice
