#include "deploy/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr mode_t kMode = 0700;
constexpr size_t kServiceNameMax = 64;
// A stop may remove the directory while we wait to open it; not that often.
constexpr int kAttemptsMax = 10;

// A directory, not a link to one, that is ours alone.
absl::StatusOr<FileDescriptor> OpenOwnDirectory(const std::string& path) {
  FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.valid()) {
    const int error = errno;
    if (error == ENOENT) return ErrnoStatus(error, absl::StrCat("open '", path, "'"));
    if (error == ELOOP || error == ENOTDIR) {
      return absl::FailedPreconditionError(absl::StrCat(
          "'", path, "' is no directory (a symbolic link or a file); remove it to go on"));
    }
    return ErrnoStatus(error, absl::StrCat("open the state directory '", path, "'"));
  }
  struct stat status;
  if (fstat(directory.get(), &status) != 0) return ErrnoStatus(errno, absl::StrCat("stat ", path));
  if (status.st_uid != geteuid()) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", path, "' belongs to user ", status.st_uid, ", not to you (user ",
                     geteuid(), "); Coppice does not trust it. Have it removed to go on"));
  }
  if ((status.st_mode & 07777) != kMode && fchmod(directory.get(), kMode) != 0) {
    return ErrnoStatus(errno, absl::StrCat("close '", path, "' to others"));
  }
  return directory;
}

absl::Status MakeOwnDirectory(const std::string& path) {
  if (mkdir(path.c_str(), kMode) == 0 || errno == EEXIST) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("make the state directory '", path, "'"));
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoStatus(errno > 0 ? errno : EIO, absl::StrCat("read '", path, "'"));
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

}  // namespace

std::string StateDirectory::DefaultRoot() { return absl::StrCat("/tmp/coppice-", geteuid()); }

absl::Status StateDirectory::CheckServiceName(absl::string_view service) {
  const bool good =
      !service.empty() && service.size() <= kServiceNameMax && service[0] != '.' &&
      std::all_of(service.begin(), service.end(), [](unsigned char character) {
        return std::isalnum(character) || character == '-' || character == '_' || character == '.';
      });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", service, "' cannot name a service: use at most ", kServiceNameMax,
                   " letters, digits, '-', '_' and '.', not first a '.'"));
}

absl::StatusOr<std::vector<std::string>> StateDirectory::List(const std::string& root) {
  std::vector<std::string> services;
  if (const auto directory = OpenOwnDirectory(root); !directory.ok()) {
    if (StatusErrno(directory.status()) == ENOENT) return services;
    return directory.status();
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    // Beside the services lie the summaries of those that have ended.
    std::error_code ignored;
    if (entry->symlink_status(ignored).type() == std::filesystem::file_type::regular) continue;
    if (CheckServiceName(name).ok()) services.push_back(name);
  }
  if (error) return ErrnoStatus(error.value(), absl::StrCat("read '", root, "'"));
  std::sort(services.begin(), services.end());
  return services;
}

StateDirectory::StateDirectory(std::string root, std::string service, FileDescriptor directory)
    : root_(std::move(root)),
      service_(std::move(service)),
      path_(absl::StrCat(root_, "/", service_)),
      directory_(std::move(directory)) {}

absl::StatusOr<StateDirectory> StateDirectory::OpenAndLock(const std::string& root,
                                                           const std::string& service) {
  if (const auto checked = OpenOwnDirectory(root); !checked.ok()) return checked.status();
  const std::string path = absl::StrCat(root, "/", service);
  auto directory = OpenOwnDirectory(path);
  if (!directory.ok()) return directory.status();
  if (flock(directory->get(), LOCK_EX | LOCK_NB) != 0) {
    // Parallel file systems may be mounted without locks; then users keep launch and stop apart.
    const bool no_locks = errno == ENOSYS || errno == ENOLCK || errno == EOPNOTSUPP;
    if (errno != EWOULDBLOCK && !no_locks)
      return ErrnoStatus(errno, absl::StrCat("lock '", path, "'"));
    if (!no_locks) {
      return absl::UnavailableError(
          absl::StrCat("a launch, stop or demo is at work on the service '", service,
                       "'; wait for it, or choose another --name"));
    }
  }
  // The one that we locked may have been removed, and even made anew, before we had the lock.
  struct stat held;
  struct stat named;
  if (fstat(directory->get(), &held) != 0 || lstat(path.c_str(), &named) != 0 ||
      held.st_ino != named.st_ino || held.st_dev != named.st_dev) {
    return ErrnoStatus(ENOENT, absl::StrCat("open '", path, "'"));
  }
  return StateDirectory(root, service, *std::move(directory));
}

absl::StatusOr<StateDirectory> StateDirectory::Create(const std::string& root,
                                                      const std::string& service) {
  if (const absl::Status name = CheckServiceName(service); !name.ok()) return name;
  absl::Status last;
  for (int i = 0; i < kAttemptsMax; ++i) {
    if (absl::Status made = MakeOwnDirectory(root); !made.ok()) return made;
    if (const auto checked = OpenOwnDirectory(root); !checked.ok()) {
      if (StatusErrno(checked.status()) == ENOENT) continue;
      return checked.status();
    }
    last = MakeOwnDirectory(absl::StrCat(root, "/", service));
    if (last.ok()) {
      auto opened = OpenAndLock(root, service);
      if (opened.ok()) return opened;
      last = opened.status();
    }
    if (StatusErrno(last) != ENOENT) return last;
  }
  return last;
}

absl::StatusOr<StateDirectory> StateDirectory::Open(const std::string& root,
                                                    const std::string& service) {
  if (const absl::Status name = CheckServiceName(service); !name.ok()) return name;
  return OpenAndLock(root, service);
}

absl::StatusOr<std::string> StateDirectory::Peek(const std::string& root,
                                                 const std::string& service,
                                                 absl::string_view name) {
  if (const absl::Status checked = CheckServiceName(service); !checked.ok()) return checked;
  const std::string path = absl::StrCat(root, "/", service);
  for (const std::string& directory : {root, path}) {
    if (const auto own = OpenOwnDirectory(directory); !own.ok()) return own.status();
  }
  return ReadWholeFile(absl::StrCat(path, "/", name));
}

std::string StateDirectory::File(absl::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

absl::StatusOr<std::string> StateDirectory::MakeNodeDirectory(absl::string_view node) const {
  const std::string path = File(node);
  if (absl::Status made = MakeOwnDirectory(path); !made.ok()) return made;
  return path;
}

absl::Status StateDirectory::WriteFile(absl::string_view name, absl::string_view text) const {
  const std::string path = File(name);
  const std::string draft = absl::StrCat(path, ".new");
  {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) return ErrnoStatus(errno > 0 ? errno : EIO, absl::StrCat("write '", draft, "'"));
  }
  if (rename(draft.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, absl::StrCat("replace '", path, "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> StateDirectory::ReadFile(absl::string_view name) const {
  return ReadWholeFile(File(name));
}

absl::Status StateDirectory::Remove() {
  // Two levels is all we ever make, and remove(3) goes into no directory: whatever is mounted here,
  // or was put here by others, stays.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) {
      for (const auto& inner : std::filesystem::directory_iterator(entry.path(), ignored)) {
        remove(inner.path().c_str());
      }
    }
    remove(entry.path().c_str());
  }
  if (rmdir(path_.c_str()) != 0) return ErrnoStatus(errno, absl::StrCat("remove '", path_, "'"));
  // Fails while another service has its directory there, as it should.
  rmdir(root_.c_str());
  return absl::OkStatus();
}

}  // namespace coppice
