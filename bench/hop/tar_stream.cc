#include "bench/hop/tar_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/hop/relay_chain.h"
#include "bench/hop/tcp_socket.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/child_process.h"

namespace coppice {
namespace {

constexpr char kTar[] = "/usr/bin/tar";
constexpr absl::Duration kTarMax = absl::Minutes(5);

absl::Status WaitForSuccess(ChildProcess& process, const std::string& who,
                            const BenchContext& context) {
  const auto end = process.Wait(context.Limits(kTarMax));
  if (!end.ok()) return Annotate(end.status(), who);
  if (end->success()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(who, " ", end->Describe()));
}

}  // namespace

absl::Status CheckTar() {
  if (access(kTar, X_OK) == 0) return absl::OkStatus();
  return absl::NotFoundError("tar is not installed");
}

absl::StatusOr<absl::Duration> TimeTarStream(const TarStreamOptions& options,
                                             const BenchContext& context) {
  if (absl::Status found = CheckTar(); !found.ok()) return found;
  const absl::StatusOr<TcpListener> receiver = ListenTcp(0);
  if (!receiver.ok()) return receiver.status();
  const absl::StatusOr<RelayChain> relays = RelayChain::Start({.relay = options.relay,
                                                               .protocol = "tcp",
                                                               .hops = options.hops - 1,
                                                               .origin = receiver->address,
                                                               .log_file = options.log_file},
                                                              context);
  if (!relays.ok()) return relays.status();
  absl::StatusOr<FileDescriptor> outgoing = ConnectTcp(relays->address());
  if (!outgoing.ok()) return outgoing.status();
  absl::StatusOr<FileDescriptor> incoming = AcceptTcp(receiver->socket.get());
  if (!incoming.ok()) return incoming.status();
  std::vector<std::string> unpack = {kTar, "x", "-f", "-"};
  if (options.unpack_into.empty()) {
    unpack.emplace_back("-O");
  } else {
    unpack.insert(unpack.end(), {"-C", options.unpack_into});
  }
  const FileDescriptor null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!null.valid()) return ErrnoStatus(errno, "open /dev/null");

  const absl::Time started = absl::Now();
  absl::StatusOr<ChildProcess> unpacking = ChildProcess::Start({.arguments = std::move(unpack),
                                                                .environment = OwnEnvironment(),
                                                                .log_file = options.log_file,
                                                                .standard_input = incoming->get(),
                                                                .standard_output = null.get(),
                                                                .parent_death_signal = SIGKILL});
  if (!unpacking.ok()) return unpacking.status();
  absl::StatusOr<ChildProcess> packing =
      ChildProcess::Start({.arguments = {kTar, "c", "-f", "-", "-C", options.tree, "."},
                           .environment = OwnEnvironment(),
                           .log_file = options.log_file,
                           .standard_output = outgoing->get(),
                           .parent_death_signal = SIGKILL});
  if (!packing.ok()) return packing.status();
  // The ends are theirs alone now, so that an end of the stream is one.
  outgoing->Reset();
  incoming->Reset();
  if (absl::Status packed = WaitForSuccess(*packing, "tar c", context); !packed.ok()) return packed;
  const absl::Status done = WaitForSuccess(*unpacking, "tar x", context);
  if (!done.ok()) return done;
  return absl::Now() - started;
}

}  // namespace coppice
