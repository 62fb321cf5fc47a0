#include "rpc/listen_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace coppice {
namespace {

struct HostAndPort {
  std::string host;  // without brackets
  int port = 0;
};

absl::StatusOr<HostAndPort> ParseAddress(absl::string_view address) {
  HostAndPort parsed;
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &parsed.port) || parsed.port < 0 ||
      parsed.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen address ", address, " must be HOST:PORT or unix:/PATH"));
  }
  absl::string_view host = address.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  parsed.host = std::string(host);
  return parsed;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

absl::StatusOr<Addresses> Resolve(const HostAndPort& wanted) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(wanted.host.c_str(), absl::StrCat(wanted.port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("host ", wanted.host, " to listen on: ", gai_strerror(error)));
  }
  return Addresses(found);
}

// The errno that binding ends with; 0: it works now.
int TryBind(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;  // as gRPC does
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const int result = bind(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  close(fd);
  return result;
}

absl::Status BindError(int error_number, const HostAndPort& wanted) {
  switch (error_number) {
    case EADDRINUSE:
      return ErrnoStatus(EADDRINUSE, absl::StrCat("port ", wanted.port, " of ", wanted.host,
                                                  " is in use: another peer_server? use --listen"));
    case EADDRNOTAVAIL:
      return ErrnoStatus(EADDRNOTAVAIL,
                         absl::StrCat(wanted.host, " is no address of this machine: use --listen"));
    default:
      return ErrnoStatus(error_number,
                         absl::StrCat("listen on ", wanted.host, " port ", wanted.port));
  }
}

// "192.0.2.1:7117"; empty when it has no such form.
std::string Numeric(const addrinfo& address, int port) {
  char host[NI_MAXHOST];
  if (getnameinfo(address.ai_addr, address.ai_addrlen, host, sizeof(host), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return "";
  }
  return address.ai_family == AF_INET6 ? absl::StrCat("[", host, "]:", port)
                                       : absl::StrCat(host, ":", port);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveListenAddress(const std::string& address) {
  const auto wanted = ParseAddress(address);
  if (!wanted.ok()) return wanted.status();
  const auto found = Resolve(*wanted);
  if (!found.ok()) return found.status();

  std::vector<std::string> usable;
  for (const addrinfo* one = found->get(); one != nullptr; one = one->ai_next) {
    const int error_number = TryBind(*one);
    if (error_number == EADDRNOTAVAIL || error_number == EAFNOSUPPORT) continue;
    if (error_number != 0) return BindError(error_number, *wanted);
    std::string numeric = Numeric(*one, wanted->port);
    // /etc/hosts may name one address twice.
    if (numeric.empty() || std::find(usable.begin(), usable.end(), numeric) != usable.end()) {
      continue;
    }
    usable.push_back(std::move(numeric));
    if (wanted->port == 0) break;
  }
  if (usable.empty()) return BindError(EADDRNOTAVAIL, *wanted);
  return usable;
}

}  // namespace coppice
