#include "deploy/launcher/node_checks.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/vfs.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/mount_directory.h"
#include "deploy/mount_table.h"

namespace coppice {
namespace {

// Whether somebody sits on the "host:port" or "[IPv6]:port". What cannot be resolved or is not of
// this machine is not busy: the peer itself says what is wrong with it.
bool IsBusy(absl::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return false;
  absl::string_view host = address.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  const addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (getaddrinfo(std::string(host).c_str(), std::string(address.substr(colon + 1)).c_str(), &hints,
                  &found) != 0) {
    return false;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const FileDescriptor socket_of_ours(
        socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
    const int reuse = 1;
    setsockopt(socket_of_ours.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
    if (socket_of_ours.valid() && bind(socket_of_ours.get(), one->ai_addr, one->ai_addrlen) != 0 &&
        errno == EADDRINUSE) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::Status CheckPorts(const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    if (!IsBusy(address)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("port ", address.substr(address.rfind(':') + 1),
                     " is taken by another process; choose another --port"));
  }
  return absl::OkStatus();
}

absl::Status RemoveDeadMount(const std::string& path) {
  // The table first: it answers whatever the mount does.
  const auto type = MountTypeAt(path);
  if (!type.ok()) return type.status();
  if (*type != kCoppiceMountType) return absl::OkStatus();
  struct statfs status;
  if (statfs(path.c_str(), &status) == 0 || errno != ENOTCONN) return absl::OkStatus();
  return UnmountCoppice(path).status();
}

}  // namespace coppice
