#include "rpc/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kSocketMode = 0600;

absl::Status PrepareDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), kDirectoryMode) == 0) return absl::OkStatus();
  if (errno != EEXIST) return ErrnoStatus(errno, absl::StrCat("make directory ", directory));
  struct stat attributes;
  if (lstat(directory.c_str(), &attributes) != 0) {
    return ErrnoStatus(errno, absl::StrCat("stat ", directory));
  }
  if (S_ISLNK(attributes.st_mode)) {
    // Its owner may let it lead elsewhere at any time, also after the checks below.
    if (attributes.st_uid != geteuid() && attributes.st_uid != 0) {
      return ErrnoStatus(EACCES, absl::StrCat("socket directory ", directory,
                                              " is a symbolic link of another user: choose another "
                                              "with --socket"));
    }
    if (stat(directory.c_str(), &attributes) != 0) {
      return ErrnoStatus(errno, absl::StrCat("stat ", directory));
    }
  }
  if (!S_ISDIR(attributes.st_mode)) return ErrnoStatus(ENOTDIR, directory);
  // Whoever may write there could put a socket of his own in the place of ours.
  if (attributes.st_uid != geteuid() || (attributes.st_mode & 077) != 0) {
    return ErrnoStatus(EACCES, absl::StrCat("socket directory ", directory,
                                            " must belong to this user alone: chmod 700, or "
                                            "choose another with --socket"));
  }
  return absl::OkStatus();
}

// The errno of connecting to the socket, 0 when somebody answers.
int TryConnect(const sockaddr_un& address) {
  // Not blocking: a server with a full backlog is alive, and says EAGAIN.
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  const int result =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
  close(fd);
  return result;
}

}  // namespace

absl::StatusOr<sockaddr_un> UnixSocketAddress(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path)) {
    return ErrnoStatus(ENAMETOOLONG, absl::StrCat("socket ", path));
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

absl::Status PrepareUnixSocket(const std::string& path) {
  const absl::StatusOr<sockaddr_un> address = UnixSocketAddress(path);
  if (path.empty() || path[0] != '/' || !address.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("socket ", path, " must be an absolute path of ",
                                                   sizeof(sockaddr_un::sun_path) - 1,
                                                   " bytes at most"));
  }
  const std::string directory = path.substr(0, path.rfind('/'));
  if (absl::Status status = PrepareDirectory(directory.empty() ? "/" : directory); !status.ok()) {
    return status;
  }
  struct stat attributes;
  if (lstat(path.c_str(), &attributes) != 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoStatus(errno, absl::StrCat("stat ", path));
  }
  if (!S_ISSOCK(attributes.st_mode)) {
    return ErrnoStatus(EEXIST, absl::StrCat(path, " is no socket: remove it, or use --socket"));
  }
  switch (const int error_number = TryConnect(*address); error_number) {
    case 0:
    case EAGAIN:
      return ErrnoStatus(EADDRINUSE, absl::StrCat("socket ", path,
                                                  " is in use: another peer_server? use --socket"));
    case ECONNREFUSED:  // its server is dead
      if (unlink(path.c_str()) != 0 && errno != ENOENT) {
        return ErrnoStatus(errno, absl::StrCat("remove the stale socket ", path));
      }
      return absl::OkStatus();
    case ENOENT:
      return absl::OkStatus();
    default:
      return ErrnoStatus(error_number, absl::StrCat("see whether socket ", path, " is in use"));
  }
}

absl::Status RestrictUnixSocket(const std::string& path) {
  if (chmod(path.c_str(), kSocketMode) != 0) {
    return ErrnoStatus(errno, absl::StrCat("chmod 600 ", path));
  }
  return absl::OkStatus();
}

}  // namespace coppice
