#include "bench/process/peer_chain.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/free_ports.h"
#include "tree_builder/member.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

constexpr uint32_t kFanoutOfChain = 1;

std::string NameOf(size_t node) { return absl::StrCat("node", node); }

}  // namespace

PeerChain::PeerChain(PeerChainOptions options, const BenchContext& context,
                     ScratchDirectory directory)
    : options_(std::move(options)), context_(context), directory_(std::move(directory)) {}

absl::StatusOr<std::unique_ptr<PeerChain>> PeerChain::Start(PeerChainOptions options,
                                                            const BenchContext& context) {
  auto directory = ScratchDirectory::MakeShort();
  if (!directory.ok()) return directory.status();
  std::unique_ptr<PeerChain> chain(
      new PeerChain(std::move(options), context, *std::move(directory)));
  if (absl::Status written = chain->WriteTree(); !written.ok()) return written;
  if (absl::Status started = chain->StartNext(); !started.ok()) return started;
  return chain;
}

absl::Status PeerChain::Renew(size_t nodes) {
  // From the end on: no child sees its parent go.
  while (peers_.size() > 1) peers_.pop_back();
  while (peers_.size() < nodes) {
    if (absl::Status started = StartNext(); !started.ok()) return started;
  }
  return absl::OkStatus();
}

absl::Status PeerChain::RenewAll(size_t nodes) {
  while (!peers_.empty()) peers_.pop_back();
  if (absl::Status started = StartNext(); !started.ok()) return started;
  return Renew(nodes);
}

std::string PeerChain::SocketOf(size_t node) const {
  return directory_.File(NameOf(node) + ".socket.d/peer");
}

std::vector<pid_t> PeerChain::pids() const {
  std::vector<pid_t> pids;
  for (const ServerProcess& peer : peers_) pids.push_back(peer.pid());
  return pids;
}

absl::Status PeerChain::WriteTree() {
  const auto ports = FindFreePorts(options_.nodes_max);
  if (!ports.ok()) return ports.status();
  std::vector<Member> members;
  for (const uint16_t port : *ports) {
    addresses_.push_back(absl::StrCat("127.0.0.1:", port));
    members.push_back({.name = NameOf(members.size()), .addresses = {addresses_.back()}});
  }
  const absl::StatusOr<std::string> text = TreeFileText(members, kFanoutOfChain);
  if (!text.ok()) return text.status();
  const std::string path = directory_.File("tree");
  std::ofstream file(path);
  file << *text;
  file.close();
  return file ? absl::OkStatus() : ErrnoStatus(EIO, absl::StrCat("write '", path, "'"));
}

absl::Status PeerChain::StartNext() {
  const std::string name = NameOf(peers_.size());
  std::vector<std::string> arguments = {
      options_.peer_server, absl::StrCat("--tree=", directory_.File("tree")),
      absl::StrCat("--node=", name), absl::StrCat("--socket=", SocketOf(peers_.size())),
      absl::StrCat("--export_root=", options_.export_root)};
  arguments.insert(arguments.end(), options_.flags.begin(), options_.flags.end());
  absl::StatusOr<ServerProcess> peer =
      ServerProcess::Start(absl::StrCat("peer_server of ", name), std::move(arguments),
                           directory_.File(name + ".log"), context_);
  if (!peer.ok()) return peer.status();
  peers_.push_back(*std::move(peer));
  return absl::OkStatus();
}

}  // namespace coppice
