#include "deploy/node_network.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/log_tail.h"

namespace coppice {
namespace {

constexpr size_t kHostsPerRow = 250;

absl::StatusOr<std::string> FindIp() {
  for (const char* path : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"}) {
    if (access(path, X_OK) == 0) return std::string(path);
  }
  return absl::NotFoundError("the program ip is not installed (Debian package iproute2)");
}

// Runs ip with a batch of its commands in the network of a node.
absl::Status RunIp(const NodeNamespace& node, const std::string& commands,
                   const std::string& log_file, const WaitLimits& limits) {
  const auto ip = FindIp();
  if (!ip.ok()) return ip.status();
  // A file in memory, not a pipe: a pipe holds only so much, and nobody would be left to fill it.
  const FileDescriptor batch(memfd_create("ip-batch", MFD_CLOEXEC));
  if (!batch.valid() ||
      write(batch.get(), commands.data(), commands.size()) !=
          static_cast<ssize_t>(commands.size()) ||
      lseek(batch.get(), 0, SEEK_SET) != 0) {
    return ErrnoStatus(errno, "write the commands for ip");
  }
  auto child = ChildProcess::Start({.arguments = {*ip, "-batch", "-"},
                                    .environment = {"LC_ALL=C"},
                                    .log_file = log_file,
                                    .standard_input = batch.get(),
                                    .namespaces = node.network_only()});
  if (!child.ok()) return child.status();
  const auto end = child->Wait(limits);
  if (!end.ok()) return Annotate(end.status(), "ip");
  if (end->success()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("ip ", end->Describe(), "; it said:\n", LogTail(log_file)));
}

}  // namespace

std::string NodeAddress(size_t index) {
  return absl::StrCat("10.77.", index / kHostsPerRow, ".", index % kHostsPerRow + 1);
}

absl::StatusOr<NodeNetwork> NodeNetwork::Connect(const std::vector<NodeNamespace>& nodes,
                                                 const std::string& log_file,
                                                 const WaitLimits& limits) {
  auto switch_node = NodeNamespace::Create("switch");
  if (!switch_node.ok()) return switch_node.status();
  std::string commands = "link add switch type bridge\nlink set switch up\n";
  for (size_t i = 0; i < nodes.size(); ++i) {
    absl::StrAppend(&commands, "link add port", i, " type veth peer name eth0 netns ",
                    nodes[i].pid(), "\nlink set port", i, " master switch up\n");
  }
  if (const absl::Status made = RunIp(*switch_node, commands, log_file, limits); !made.ok()) {
    return Annotate(made, "make the switch between the nodes");
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    const absl::Status made = RunIp(
        nodes[i], absl::StrCat("addr add ", NodeAddress(i), "/16 dev eth0\nlink set eth0 up\n"),
        log_file, limits);
    if (!made.ok()) {
      return Annotate(made, absl::StrCat(nodes[i].hostname(), ": give it its address"));
    }
  }
  return NodeNetwork(*std::move(switch_node));
}

}  // namespace coppice
