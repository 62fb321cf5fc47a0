#include "bench/process/loopback_ssh.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/child_process.h"

namespace coppice {
namespace {

constexpr char kSshfs[] = "/usr/bin/sshfs";
constexpr char kSshd[] = "/usr/sbin/sshd";
constexpr char kKeygen[] = "/usr/bin/ssh-keygen";
constexpr char kHost[] = "loopback";
// Where Debian's sshd, started as root, locks up its unprivileged half.
constexpr char kSeparationDirectory[] = "/run/sshd";
constexpr char kAboveSeparationDirectory[] = "/run";
constexpr mode_t kSeparationMode = 0755;
constexpr absl::Duration kKeygenMax = absl::Seconds(30);

absl::Status MakeKey(const std::string& file, const std::string& log, const BenchContext& context) {
  auto program =
      ChildProcess::Start({.arguments = {kKeygen, "-q", "-t", "ed25519", "-N", "", "-f", file},
                           .environment = OwnEnvironment(),
                           .log_file = log});
  if (!program.ok()) return program.status();
  const auto end = program->Wait(context.Limits(kKeygenMax));
  if (!end.ok()) return end.status();
  if (end->success()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("ssh-keygen ", end->Describe()));
}

absl::Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return file ? absl::OkStatus() : ErrnoStatus(EIO, absl::StrCat("write '", path, "'"));
}

}  // namespace

absl::StatusOr<LoopbackSsh> LoopbackSsh::Prepare(const std::string& directory,
                                                 const BenchContext& context) {
  for (const char* program : {kSshfs, kSshd, kKeygen}) {
    if (access(program, X_OK) != 0) {
      return absl::NotFoundError(absl::StrCat(program, " is not installed"));
    }
  }
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make '", directory, "'"));
  const std::string log = directory + "/log";
  for (const char* key : {"/host", "/user"}) {
    if (absl::Status made = MakeKey(directory + key, log, context); !made.ok()) return made;
  }
  absl::Status written =
      WriteText(directory + "/server",
                absl::StrCat("HostKey ", directory, "/host\nAuthorizedKeysFile ", directory,
                             "/user.pub\n"
                             "StrictModes no\nUsePAM no\nPidFile none\n"
                             "PermitRootLogin yes\nSubsystem sftp internal-sftp\n"));
  if (!written.ok()) return written;
  LoopbackSsh ssh(directory + "/client");
  written = WriteText(
      ssh.client_configuration_,
      absl::StrCat("Host ", kHost, "\nProxyCommand ", kSshd, " -i -f ", directory,
                   "/server\nIdentityFile ", directory,
                   "/user\nIdentitiesOnly yes\n"
                   "UserKnownHostsFile /dev/null\nStrictHostKeyChecking no\nLogLevel ERROR\n"));
  if (!written.ok()) return written;
  if (geteuid() != 0) return ssh;
  ssh.separation_lock_ =
      FileDescriptor(open(kAboveSeparationDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Only who removes the directory has it alone, for that moment.
  if (!ssh.separation_lock_.valid() || flock(ssh.separation_lock_.get(), LOCK_SH) != 0) {
    return ErrnoStatus(errno, absl::StrCat("lock '", kAboveSeparationDirectory, "'"));
  }
  ssh.made_separation_directory_ = mkdir(kSeparationDirectory, kSeparationMode) == 0;
  return ssh;
}

LoopbackSsh::LoopbackSsh(std::string client_configuration)
    : client_configuration_(std::move(client_configuration)) {}

LoopbackSsh::LoopbackSsh(LoopbackSsh&& other) noexcept
    : client_configuration_(std::move(other.client_configuration_)),
      separation_lock_(std::move(other.separation_lock_)),
      made_separation_directory_(std::exchange(other.made_separation_directory_, false)) {}

LoopbackSsh::~LoopbackSsh() {
  if (!made_separation_directory_) return;
  if (flock(separation_lock_.get(), LOCK_EX | LOCK_NB) == 0) rmdir(kSeparationDirectory);
}

std::vector<std::string> LoopbackSsh::SshfsCommand(const std::string& tree,
                                                   const std::string& mount_point) const {
  return {kSshfs,     "-f", "-F", client_configuration_, "-o", "ro", absl::StrCat(kHost, ":", tree),
          mount_point};
}

}  // namespace coppice
