#include "deploy/end_to_end/mounted_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/end_to_end/private_mounts.h"
#include "deploy/free_ports.h"
#include "deploy/log_tail.h"
#include "deploy/ready_pipe.h"
#include "tree_builder/member.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kStartMax = absl::Seconds(30);
constexpr absl::Duration kEndMax = absl::Seconds(10);
constexpr uint32_t kChain = 1;
// A port that was free may be taken before the peer listens on it.
constexpr int kPortAttemptsMax = 3;

std::string NodeName(size_t node) { return absl::StrCat("node", node); }

std::string Joined(const std::string& directory, absl::string_view name) {
  return name.empty() ? directory : absl::StrCat(directory, "/", name);
}

}  // namespace

MountedTree::MountedTree()
    // As another user than root the mounts are everybody's, and all the same ended by Unmount.
    : private_mounts_(geteuid() == 0 ? EnterPrivateMounts() : absl::OkStatus()),
      work_("/tmp/coppice-tree.XXXXXX") {
  if (mkdtemp(work_.data()) == nullptr) std::abort();
  // Other users come in by name.
  if (chmod(work_.c_str(), 0711) != 0) std::abort();
  for (const std::string& directory : {Original(), absl::StrCat(work_, "/mount")}) {
    fs::create_directory(directory);
  }
}

MountedTree::~MountedTree() {
  Unmount();
  std::error_code ignored;
  fs::remove_all(work_, ignored);
}

std::string MountedTree::Original(absl::string_view name) const {
  return Joined(absl::StrCat(work_, "/export"), name);
}

std::string MountedTree::Shown(absl::string_view name) const { return Joined(mount_point_, name); }

std::string MountedTree::NodeDirectory(size_t node) const {
  return absl::StrCat(work_, "/", NodeName(node));
}

std::string MountedTree::Socket(size_t node) const {
  return absl::StrCat(NodeDirectory(node), "/peer.sock");
}

absl::Status MountedTree::Mount(const MountedTreeOptions& options) {
  if (!FileDescriptor(open("/dev/fuse", O_RDWR | O_CLOEXEC)).valid()) {
    return absl::UnavailableError(
        ErrnoStatus(errno, "this machine cannot mount: open /dev/fuse").message());
  }
  if (!private_mounts_.ok()) return private_mounts_;
  mount_point_ = options.mount_point.empty() ? absl::StrCat(work_, "/mount") : options.mount_point;
  for (size_t node = 0; node < options.node_count; ++node) {
    if (mkdir(NodeDirectory(node).c_str(), 0700) != 0) {
      return ErrnoStatus(errno, absl::StrCat("make ", NodeDirectory(node)));
    }
  }
  if (absl::Status status = StartPeers(options); !status.ok()) return status;
  return StartClient(options);
}

absl::Status MountedTree::StartPeers(const MountedTreeOptions& options) {
  absl::Status status;
  for (int attempt = 0; attempt < kPortAttemptsMax; ++attempt) {
    const auto ports = FindFreePorts(options.node_count);
    if (!ports.ok()) return ports.status();
    if (status = WriteTree(*ports); !status.ok()) return status;
    size_t node = 0;
    while (node < options.node_count && status.ok()) {
      status = StartPeer(options, node);
      if (status.ok()) ++node;
    }
    if (status.ok()) return status;
    // Another try is only for a port that somebody else has.
    const uint16_t port = (*ports)[node];
    Unmount();
    if (IsPortFree(port)) return status;
  }
  return status;
}

void MountedTree::Unmount() {
  // The client first, as it unmounts by asking nobody.
  while (!programs_.empty()) {
    (void)programs_.back().Terminate(kEndMax);
    programs_.pop_back();
  }
}

absl::Status MountedTree::WriteTree(const std::vector<uint16_t>& ports) {
  std::vector<Member> members;
  for (const uint16_t port : ports) {
    members.push_back(
        {.name = NodeName(members.size()), .addresses = {absl::StrCat("127.0.0.1:", port)}});
  }
  const auto text = TreeFileText(members, kChain);
  if (!text.ok()) return text.status();
  std::ofstream(absl::StrCat(work_, "/tree")) << *text;
  return absl::OkStatus();
}

absl::Status MountedTree::StartPeer(const MountedTreeOptions& options, size_t node) {
  std::vector<std::string> arguments;
  std::string program = fs::canonical("peer_server/peer_server").string();
  if (node == 0 && options.root_user.has_value()) {
    const uid_t user = *options.root_user;
    if (chown(NodeDirectory(node).c_str(), user, user) != 0) {
      return ErrnoStatus(errno, absl::StrCat("give ", NodeDirectory(node), " away"));
    }
    // Where the program lies, the user may have no way to.
    const std::string copy = absl::StrCat(work_, "/peer_server");
    fs::copy_file(program, copy, fs::copy_options::overwrite_existing);
    program = copy;
    arguments = {"/usr/bin/setpriv", absl::StrCat("--reuid=", user), absl::StrCat("--regid=", user),
                 "--clear-groups", "--pdeathsig=KILL"};
  }
  for (std::string& argument : std::vector<std::string>{
           program, absl::StrCat("--tree=", work_, "/tree"),
           absl::StrCat("--node=", NodeName(node)), absl::StrCat("--socket=", Socket(node)),
           absl::StrCat("--export_root=",
                        options.export_root.empty() ? Original() : options.export_root)}) {
    arguments.push_back(std::move(argument));
  }
  arguments.insert(arguments.end(), options.peer_flags.begin(), options.peer_flags.end());
  return StartProgram(std::move(arguments), NodeName(node));
}

absl::Status MountedTree::StartClient(const MountedTreeOptions& options) {
  std::vector<std::string> arguments = {
      fs::canonical("fuse_client/fuse_client").string(),
      absl::StrCat("--peer=unix:", Socket(options.node_count - 1))};
  arguments.insert(arguments.end(), options.client_flags.begin(), options.client_flags.end());
  arguments.push_back(mount_point_);
  return StartProgram(std::move(arguments), "client");
}

absl::Status MountedTree::StartProgram(std::vector<std::string> arguments, const std::string& who) {
  auto ready = ReadyPipe::Open();
  if (!ready.ok()) return ready.status();
  arguments.push_back(absl::StrCat("--ready_fd=", ready->write_descriptor()));
  const std::string log_file = absl::StrCat(work_, "/", who, ".log");
  auto program = ChildProcess::Start({.arguments = std::move(arguments),
                                      .environment = OwnEnvironment(),
                                      .log_file = log_file,
                                      .kept_descriptors = {ready->write_descriptor()},
                                      .parent_death_signal = SIGKILL});
  if (!program.ok()) return Annotate(program.status(), who);
  ready->ProgramStarted();
  programs_.push_back(*std::move(program));
  return ready->Wait(programs_.back(), who, log_file, {.deadline = absl::Now() + kStartMax});
}

}  // namespace coppice
