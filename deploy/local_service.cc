#include "deploy/local_service.h"

#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/free_ports.h"
#include "deploy/mount_directory.h"
#include "deploy/mount_probe.h"
#include "deploy/node_namespace.h"
#include "deploy/node_network.h"
#include "deploy/probe_report.h"
#include "deploy/process_identity.h"
#include "deploy/service_program.h"
#include "deploy/service_stop.h"
#include "deploy/state_directory.h"
#include "rpc/block_memory_socket.h"
#include "tree_builder/member.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

constexpr absl::string_view kTreeFile = "tree";
constexpr absl::string_view kNetworkLog = "network.log";
// Of nodes with a network of their own, where every port is free.
constexpr int kNodePort = 7117;
// A port that was free may be taken before the peer listens on it.
constexpr int kPortAttemptsMax = 3;

class LocalServiceOnMachine final : public LocalService {
 public:
  explicit LocalServiceOnMachine(LocalServiceOptions options)
      : options_(std::move(options)),
        limits_({.deadline = absl::Now() + options_.timeout,
                 .interrupt_descriptor = options_.interrupt_descriptor}) {
    if (!options_.probe) options_.probe = ProbeMount;
    if (!options_.report_probe) options_.report_probe = ReportMountRead;
    if (options_.state_root.empty()) options_.state_root = StateDirectory::DefaultRoot();
  }

  ~LocalServiceOnMachine() override {
    const absl::Status stopped = Stop(/*keep_logs=*/false);
    if (!stopped.ok()) options_.progress(absl::StrCat("stopping failed: ", stopped.message()));
  }

  absl::Status StartAll() {
    if (absl::Status status = TakeState(); !status.ok()) return status;
    if (absl::Status status = PrepareNodes(); !status.ok()) return status;
    if (absl::Status status = MakeNamespaces(); !status.ok()) return status;
    if (absl::Status status = StartPeers(); !status.ok()) return status;
    if (absl::Status status = StartClients(); !status.ok()) return status;
    return ProbeMounts();
  }

  const std::vector<NodeRecord>& nodes() const override { return record_.nodes; }

  NamespaceDescriptors NamespacesOf(size_t node) const override {
    return options_.own_namespaces ? namespaces_[node].descriptors() : NamespaceDescriptors();
  }

  const std::string& state_path() const override { return state_->path(); }

  absl::Status Stop(bool keep_logs) override {
    if (!state_.has_value()) return absl::OkStatus();
    const absl::Status stopped =
        StopService(*state_, {.keep_state = keep_logs, .progress = options_.progress});
    // Ended ones are reaped here, others killed.
    clients_.clear();
    peers_.clear();
    network_.reset();
    namespaces_.clear();
    state_.reset();
    return stopped;
  }

  void Detach() override {
    for (ServiceProgram& program : clients_) program.process().Detach();
    for (ServiceProgram& program : peers_) program.process().Detach();
    state_.reset();
  }

 private:
  // The state directory, with nothing of an earlier service in it.
  absl::Status TakeState() {
    auto state = StateDirectory::Create(options_.state_root, options_.service);
    if (!state.ok()) return state.status();
    const auto text = state->ReadFile(kServiceRecordFile);
    if (text.ok()) {
      const auto record = ParseServiceRecord(*text);
      if (!record.ok()) return Annotate(record.status(), state->File(kServiceRecordFile));
      if (const size_t running = CountRunning(*record); running > 0) {
        return absl::AlreadyExistsError(absl::StrCat(
            "the service '", options_.service, "' is running already (", running,
            " processes); end it with 'bazel run //deploy:stop', or choose another --name"));
      }
      options_.progress("cleaning up after a service that died");
      if (absl::Status stopped = StopService(*state, {.progress = options_.progress});
          !stopped.ok()) {
        return stopped;
      }
      {
        // Its directory is gone, and the lock with it.
        const StateDirectory gone = *std::move(state);
      }
      state = StateDirectory::Create(options_.state_root, options_.service);
      if (!state.ok()) return state.status();
    }
    state_ = *std::move(state);
    record_.mounts_are_private = options_.own_namespaces;
    return Save();
  }

  absl::Status Save() { return state_->WriteFile(kServiceRecordFile, ServiceRecordText(record_)); }

  absl::Status PrepareNodes() {
    for (size_t i = 0; i < options_.node_count; ++i) {
      NodeRecord node = {.name = absl::StrCat("node", i)};
      const auto directory = state_->MakeNodeDirectory(node.name);
      if (!directory.ok()) return directory.status();
      node.socket = absl::StrCat(*directory, "/peer.sock");
      // The longer of the two that the peer makes.
      const std::string socket = BlockMemorySocket(node.socket);
      if (socket.size() >= sizeof(sockaddr_un::sun_path)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "the path of the socket '", socket, "' has ", socket.size(), " bytes; Linux allows ",
            sizeof(sockaddr_un::sun_path) - 1, ". Choose a shorter --name"));
      }
      const std::string mount_point = options_.node_count == 1
                                          ? options_.mount_directory
                                          : absl::StrCat(options_.mount_directory, "/", node.name);
      const auto prepared = PrepareMountDirectory(mount_point);
      if (!prepared.ok()) return Annotate(prepared.status(), node.name);
      node.mount_point = prepared->path;
      record_.made_directories.insert(record_.made_directories.end(), prepared->made.begin(),
                                      prepared->made.end());
      record_.nodes.push_back(std::move(node));
      if (absl::Status saved = Save(); !saved.ok()) return saved;
    }
    return absl::OkStatus();
  }

  absl::Status MakeNamespaces() {
    if (!options_.own_namespaces) return absl::OkStatus();
    for (const NodeRecord& node : record_.nodes) {
      auto made = NodeNamespace::Create(node.name);
      if (!made.ok()) return made.status();
      namespaces_.push_back(*std::move(made));
      if (absl::Status status = Remember(node, ProcessRole::kNode, namespaces_.back().pid());
          !status.ok()) {
        return status;
      }
    }
    auto network = NodeNetwork::Connect(namespaces_, state_->File(kNetworkLog), limits_);
    if (!network.ok()) return network.status();
    network_.emplace(*std::move(network));
    return absl::OkStatus();
  }

  absl::Status Remember(const NodeRecord& node, ProcessRole role, pid_t pid) {
    const auto identity = IdentifyProcess(pid);
    if (!identity.ok()) return Annotate(identity.status(), node.name);
    record_.processes.push_back({node.name, role, *identity});
    return Save();
  }

  absl::Status StartProgram(size_t index, ProcessRole role, std::vector<std::string> arguments,
                            std::vector<ServiceProgram>& started) {
    const NodeRecord& node = record_.nodes[index];
    auto program = ServiceProgram::Start(
        {.who = absl::StrCat(node.name, ": ", RoleName(role)),
         .arguments = std::move(arguments),
         .log_file = state_->File(
             absl::StrCat(node.name, role == ProcessRole::kPeer ? "/peer.log" : "/client.log")),
         .parent_death_signal = options_.end_with_launcher ? SIGTERM : 0,
         .namespaces = NamespacesOf(index),
         .remember = [&](const ProcessIdentity& identity) {
           record_.processes.push_back({node.name, role, identity});
           return Save();
         }});
    if (!program.ok()) return program.status();
    started.push_back(*std::move(program));
    return absl::OkStatus();
  }

  absl::Status StartPeers() {
    options_.progress(absl::StrCat("starting ", record_.nodes.size(), " peers"));
    absl::Status status;
    for (int attempt = 0; attempt < kPortAttemptsMax; ++attempt) {
      if (status = ChooseAddresses(); !status.ok()) return status;
      size_t failed = 0;
      status = TryPeers(&failed);
      if (status.ok() || !LostItsPort(failed)) return status;
      options_.progress(absl::StrCat(record_.nodes[failed].name, ": its port was taken by another ",
                                     "process; trying others"));
      peers_.clear();
    }
    return status;
  }

  absl::Status ChooseAddresses() {
    ports_.clear();
    if (!options_.own_namespaces) {
      auto ports = FindFreePorts(record_.nodes.size());
      if (!ports.ok()) return ports.status();
      ports_ = *std::move(ports);
    }
    std::vector<Member> members;
    for (size_t i = 0; i < record_.nodes.size(); ++i) {
      NodeRecord& node = record_.nodes[i];
      node.address = options_.own_namespaces ? absl::StrCat(NodeAddress(i), ":", kNodePort)
                                             : absl::StrCat("127.0.0.1:", ports_[i]);
      members.push_back({.name = node.name, .addresses = {node.address}});
    }
    if (absl::Status saved = Save(); !saved.ok()) return saved;
    const absl::StatusOr<std::string> tree =
        TreeFileText(members, {.fanout = options_.fanout, .tree_count = options_.tree_count});
    if (!tree.ok()) return Annotate(tree.status(), "--fanout (a larger one gives a flatter tree)");
    return state_->WriteFile(kTreeFile, *tree);
  }

  // Starts every peer, the root first, and waits for each; `failed` is the one that did not come
  // up.
  absl::Status TryPeers(size_t* failed) {
    for (size_t i = 0; i < record_.nodes.size(); ++i) {
      *failed = i;
      const NodeRecord& node = record_.nodes[i];
      std::vector<std::string> arguments = {
          options_.programs.peer_server, absl::StrCat("--tree=", state_->File(kTreeFile)),
          absl::StrCat("--node=", node.name), absl::StrCat("--socket=", node.socket)};
      arguments.insert(arguments.end(), options_.peer_flags.begin(), options_.peer_flags.end());
      if (absl::Status status = StartProgram(i, ProcessRole::kPeer, std::move(arguments), peers_);
          !status.ok()) {
        return status;
      }
    }
    return AwaitReady(peers_, failed);
  }

  // Whether somebody else listens on the port of a peer that has ended.
  bool LostItsPort(size_t peer) {
    if (peer >= ports_.size() || peer >= peers_.size()) return false;
    const bool ended = peers_[peer].process().Wait({.deadline = absl::InfinitePast()}).ok();
    return ended && !IsPortFree(ports_[peer]);
  }

  absl::Status StartClients() {
    options_.progress(absl::StrCat("mounting on ", record_.nodes.size(), " nodes"));
    for (size_t i = 0; i < record_.nodes.size(); ++i) {
      const NodeRecord& node = record_.nodes[i];
      std::vector<std::string> arguments = {options_.programs.fuse_client,
                                            absl::StrCat("--peer=unix:", node.socket)};
      arguments.insert(arguments.end(), options_.client_flags.begin(), options_.client_flags.end());
      arguments.push_back(node.mount_point);
      if (absl::Status status =
              StartProgram(i, ProcessRole::kClient, std::move(arguments), clients_);
          !status.ok()) {
        return status;
      }
    }
    size_t failed = 0;
    return AwaitReady(clients_, &failed);
  }

  absl::Status AwaitReady(std::vector<ServiceProgram>& programs, size_t* failed) {
    for (size_t i = 0; i < programs.size(); ++i) {
      *failed = i;
      if (absl::Status status = programs[i].AwaitReady(limits_); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ProbeMounts() {
    for (size_t i = 0; i < record_.nodes.size(); ++i) {
      if (absl::Status status =
              options_.probe(record_.nodes[i].mount_point, NamespacesOf(i), record_.nodes[i].name,
                             clients_[i].log_file(), limits_);
          !status.ok()) {
        return status;
      }
      if (absl::Status status = options_.report_probe(record_.nodes[i].socket, limits_.deadline);
          !status.ok()) {
        return Annotate(status, record_.nodes[i].name);
      }
    }
    return absl::OkStatus();
  }

  LocalServiceOptions options_;
  const WaitLimits limits_;
  std::optional<StateDirectory> state_;
  ServiceRecord record_;
  std::vector<NodeNamespace> namespaces_;
  std::optional<NodeNetwork> network_;
  // Empty when each node has a network of its own.
  std::vector<uint16_t> ports_;
  std::vector<ServiceProgram> peers_;
  std::vector<ServiceProgram> clients_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LocalService>> LocalService::Start(LocalServiceOptions options) {
  if (options.node_count == 0 || options.node_count > kLocalNodesMax) {
    return absl::InvalidArgumentError(absl::StrCat("a local service has 1 to ", kLocalNodesMax,
                                                   " nodes, not ", options.node_count));
  }
  auto service = std::make_unique<LocalServiceOnMachine>(std::move(options));
  // On failure the destructor ends what was started.
  if (absl::Status status = service->StartAll(); !status.ok()) return status;
  return service;
}

}  // namespace coppice
