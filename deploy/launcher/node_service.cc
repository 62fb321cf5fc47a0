#include "deploy/launcher/node_service.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/launcher/node_checks.h"
#include "deploy/launcher/node_line.h"
#include "deploy/mount_directory.h"
#include "deploy/mount_probe.h"
#include "deploy/mount_table.h"
#include "deploy/pidfd.h"
#include "deploy/probe_report.h"
#include "deploy/process_identity.h"
#include "deploy/ready_pipe.h"
#include "deploy/service_record.h"
#include "deploy/service_stop.h"
#include "deploy/state_directory.h"
#include "tree_builder/tree_file.h"
#include "tree_builder/tree_place.h"

namespace coppice {
namespace {

// Of the time that a node may take, what is kept for ending it again.
constexpr absl::Duration kStarterEndMax = absl::Seconds(25);

// What is out of the ordinary has no reader here: the one line of the node is all that is said.
void Ignore(absl::string_view) {}

struct StartedProgram {
  ChildProcess process;
  ReadyPipe ready;
  std::string who;
  std::string log_file;
};

class NodeServiceHere final : public NodeService {
 public:
  NodeServiceHere(NodeJob job, TreePlace place, int interrupt_descriptor)
      : job_(std::move(job)),
        place_(std::move(place)),
        limits_({.deadline = absl::Now() + job_.timeout,
                 .interrupt_descriptor = interrupt_descriptor}) {}

  ~NodeServiceHere() override {
    if (detached_) return;
    if (!state_.has_value() && awaited_) {
      auto state = StateDirectory::Open(job_.node_root, job_.service);
      if (state.ok()) state_ = *std::move(state);
    }
    if (state_.has_value()) StopService(*state_, {.progress = Ignore}).IgnoreError();
  }

  absl::Status StartAll() {
    if (absl::Status status = CheckFuseDevice(kFuseDevice); !status.ok()) return status;
    if (absl::Status status = CheckPrograms(); !status.ok()) return status;
    if (absl::Status status = TakeState(); !status.ok()) return status;
    // A stop removes the tree file before it comes to the nodes: either it finds what we have
    // written down, or we find that it was here.
    if (absl::Status status = CheckNotEnded(); !status.ok()) return status;
    if (absl::Status status = PrepareMount(); !status.ok()) return status;
    if (absl::Status status = CheckPorts(place_.self.addresses); !status.ok()) return status;
    if (absl::Status status = StartPeer(); !status.ok()) return status;
    if (absl::Status status = StartClient(); !status.ok()) return status;
    if (absl::Status status =
            ProbeMount(record_.nodes[0].mount_point, {}, "the mount", client_->log_file, limits_);
        !status.ok()) {
      return status;
    }
    if (absl::Status status = ReportMountRead(record_.nodes[0].socket, limits_.deadline);
        !status.ok()) {
      // The mount itself can be read: what does not answer is a host above, in one of the trees.
      return absl::Status(status.code(), absl::StrCat(kNoAnswerFromAbove, status.message()));
    }
    return CheckNotEnded();
  }

  void Detach() override {
    detached_ = true;
    for (auto* program : {&client_, &peer_}) {
      if (program->has_value()) (*program)->process.Detach();
    }
    state_.reset();
  }

  void Await() override {
    awaited_ = true;
    // A stop needs the lock.
    state_.reset();
    for (auto* program : {&peer_, &client_}) {
      const auto end =
          (*program)->process.Wait({.interrupt_descriptor = limits_.interrupt_descriptor});
      if (!end.ok()) return;
    }
  }

 private:
  absl::Status CheckNotEnded() const {
    // Opened, not stat'ed: NFS asks its server for that.
    const FileDescriptor tree(open(job_.tree_file.c_str(), O_RDONLY | O_CLOEXEC));
    if (tree.valid()) return absl::OkStatus();
    return absl::CancelledError("the launch was ended meanwhile");
  }

  // A client that could not read the root of the tree is well itself, and so is its node.
  static absl::Status JudgeClient(const absl::Status& status) {
    const bool from_above = status.code() == absl::StatusCode::kDeadlineExceeded ||
                            absl::StrContains(status.message(), "read the export root");
    if (!from_above) return status;
    return absl::Status(status.code(), absl::StrCat(kNoAnswerFromAbove, status.message()));
  }

  absl::Status CheckPrograms() const {
    for (const std::string& program : {job_.peer_server, job_.fuse_client}) {
      if (access(program.c_str(), X_OK) == 0) continue;
      return ErrnoStatus(errno, absl::StrCat("cannot run '", program, "' here (the programs must ",
                                             "lie on a file system that all nodes share)"));
    }
    return absl::OkStatus();
  }

  absl::Status TakeState() {
    auto state = StateDirectory::Create(job_.node_root, job_.service);
    if (!state.ok()) return state.status();
    if (const auto text = state->ReadFile(kServiceRecordFile); text.ok()) {
      if (absl::Status cleaned = CleanUpAfterDead(*state, *text); !cleaned.ok()) return cleaned;
      {
        // Its directory is gone, and the lock with it.
        const StateDirectory gone = *std::move(state);
      }
      state = StateDirectory::Create(job_.node_root, job_.service);
      if (!state.ok()) return state.status();
    }
    state_ = *std::move(state);
    return Remember(ProcessRole::kStarter, getpid());
  }

  absl::Status CleanUpAfterDead(StateDirectory& state, const std::string& text) const {
    const auto record = ParseServiceRecord(text);
    if (!record.ok()) return Annotate(record.status(), state.File(kServiceRecordFile));
    if (CountRunning(*record) > 0) {
      return absl::AlreadyExistsError(absl::StrCat("the service '", job_.service,
                                                   "' is running here already; stop it first, or "
                                                   "choose another --name"));
    }
    return StopService(state, {.progress = Ignore});
  }

  absl::Status PrepareMount() {
    if (absl::Status cleaned = RemoveDeadMount(job_.mount); !cleaned.ok()) return cleaned;
    const auto prepared = PrepareMountDirectory(job_.mount);
    if (!prepared.ok()) return prepared.status();
    NodeRecord node = {.name = place_.self.name,
                       .address = place_.self.addresses.empty() ? "" : place_.self.addresses[0],
                       .socket = state_->File("peer.sock"),
                       .mount_point = prepared->path};
    record_.made_directories = prepared->made;
    record_.nodes.push_back(std::move(node));
    return Save();
  }

  absl::Status Save() { return state_->WriteFile(kServiceRecordFile, ServiceRecordText(record_)); }

  absl::Status Remember(ProcessRole role, pid_t pid) {
    const auto identity = IdentifyProcess(pid);
    if (!identity.ok()) return identity.status();
    record_.processes.push_back({place_.self.name, role, *identity});
    return Save();
  }

  // Returns when it says that it is ready.
  absl::Status StartProgram(ProcessRole role, std::vector<std::string> arguments,
                            const std::string& log, std::optional<StartedProgram>& started) {
    auto ready = ReadyPipe::Open();
    if (!ready.ok()) return ready.status();
    arguments.insert(arguments.begin() + 1, absl::StrCat("--ready_fd=", ready->write_descriptor()));
    const std::string who(RoleName(role));
    const std::string log_file = state_->File(log);
    auto process = ChildProcess::Start({.arguments = std::move(arguments),
                                        .environment = OwnEnvironment(),
                                        .log_file = log_file,
                                        .kept_descriptors = {ready->write_descriptor()},
                                        .parent_death_signal = job_.stay ? SIGTERM : 0,
                                        .new_session = true,
                                        .held = true});
    if (!process.ok()) return Annotate(process.status(), who);
    ready->ProgramStarted();
    // Written down before it does anything.
    if (absl::Status status = Remember(role, process->pid()); !status.ok()) return status;
    if (absl::Status status = process->Release(); !status.ok()) return Annotate(status, who);
    started.emplace(StartedProgram{*std::move(process), *std::move(ready), who, log_file});
    return started->ready.Wait(started->process, who, log_file, limits_);
  }

  absl::Status StartPeer() {
    const NodeRecord& node = record_.nodes[0];
    std::vector<std::string> arguments = {job_.peer_server, absl::StrCat("--tree=", job_.tree_file),
                                          absl::StrCat("--node=", node.name),
                                          absl::StrCat("--socket=", node.socket)};
    arguments.insert(arguments.end(), job_.peer_flags.begin(), job_.peer_flags.end());
    return StartProgram(ProcessRole::kPeer, std::move(arguments), "peer.log", peer_);
  }

  absl::Status StartClient() {
    const NodeRecord& node = record_.nodes[0];
    std::vector<std::string> arguments = {job_.fuse_client,
                                          absl::StrCat("--peer=unix:", node.socket)};
    arguments.insert(arguments.end(), job_.client_flags.begin(), job_.client_flags.end());
    arguments.push_back(node.mount_point);
    return StartProgram(ProcessRole::kClient, std::move(arguments), "client.log", client_);
  }

  const NodeJob job_;
  const TreePlace place_;
  const WaitLimits limits_;
  std::optional<StateDirectory> state_;
  ServiceRecord record_;
  std::optional<StartedProgram> peer_;
  std::optional<StartedProgram> client_;
  bool detached_ = false;
  bool awaited_ = false;
};

absl::StatusOr<TreeFile> ReadSharedTree(const NodeJob& job) {
  auto tree = ReadTreeFile(job.tree_file);
  if (tree.ok()) return tree;
  return Annotate(tree.status(),
                  "the tree file cannot be read here (it must lie on a file system that all nodes "
                  "share; choose one with --state_root)");
}

// The starter of the service, when it is alive.
std::optional<FileDescriptor> FindStarter(const ServiceRecord& record) {
  for (const ProcessRecord& process : record.processes) {
    if (process.role != ProcessRole::kStarter || process.identity.pid == getpid()) continue;
    if (auto opened = OpenProcess(process.identity); opened.ok()) return *std::move(opened);
  }
  return std::nullopt;
}

// What was written down of the service on this node. NOT_FOUND when nothing was.
absl::StatusOr<ServiceRecord> PeekRecord(const NodeJob& job) {
  const auto text = StateDirectory::Peek(job.node_root, job.service, kServiceRecordFile);
  if (!text.ok()) return text.status();
  return ParseServiceRecord(*text);
}

}  // namespace

absl::StatusOr<std::string> FindOwnName(const NodeJob& job, const std::string& host) {
  const auto tree = ReadSharedTree(job);
  if (!tree.ok()) return tree.status();
  std::vector<std::string> names;
  if (!host.empty()) names.push_back(host);
  char own[HOST_NAME_MAX + 1] = {};
  if (gethostname(own, HOST_NAME_MAX) == 0) names.emplace_back(own);
  // As Slurm calls it.
  if (const char* slurm = getenv("SLURMD_NODENAME"); slurm != nullptr) names.emplace_back(slurm);
  absl::Status last = absl::InternalError("this machine has no name");
  for (const std::string& name : names) {
    const auto place = FindPlace(*tree, name);
    if (place.ok()) return place->self.name;
    last = place.status();
  }
  return last;
}

absl::StatusOr<std::unique_ptr<NodeService>> NodeService::Start(const NodeJob& job,
                                                                const std::string& node,
                                                                int interrupt_descriptor) {
  const auto tree = ReadSharedTree(job);
  if (!tree.ok()) return tree.status();
  auto place = FindPlace(*tree, node);
  if (!place.ok()) return place.status();
  auto service = std::make_unique<NodeServiceHere>(job, *std::move(place), interrupt_descriptor);
  // On failure the destructor ends what was started.
  if (absl::Status status = service->StartAll(); !status.ok()) return status;
  return service;
}

absl::Status StopNode(const NodeJob& job) {
  const auto record = PeekRecord(job);
  if (record.ok()) {
    if (const auto starter = FindStarter(*record); starter.has_value()) {
      SignalPidfd(starter->get(), SIGTERM);
      const auto ended = WaitReadable({starter->get()}, {.deadline = absl::Now() + kStarterEndMax});
      if (!ended.ok()) SignalPidfd(starter->get(), SIGKILL);
    }
  }
  auto state = StateDirectory::Open(job.node_root, job.service);
  absl::Status stopped = absl::OkStatus();
  if (state.ok()) {
    stopped = StopService(*state, {.progress = Ignore});
  } else if (StatusErrno(state.status()) != ENOENT) {
    stopped = state.status();
  }
  if (!stopped.ok()) return stopped;
  // One that was left by a node whose state is lost, as after a restart of /tmp.
  return RemoveDeadMount(job.mount);
}

absl::Status CheckNode(const NodeJob& job) {
  const auto record = PeekRecord(job);
  if (!record.ok()) return absl::NotFoundError("nothing runs here");
  for (const ProcessRecord& process : record->processes) {
    if (process.role == ProcessRole::kStarter) continue;
    if (!OpenProcess(process.identity).ok()) {
      return absl::FailedPreconditionError(absl::StrCat(RoleName(process.role), " has ended"));
    }
  }
  for (const NodeRecord& node : record->nodes) {
    const auto type = MountTypeAt(node.mount_point);
    if (!type.ok()) return type.status();
    if (*type != kCoppiceMountType) {
      return absl::FailedPreconditionError(
          absl::StrCat("nothing is mounted at ", node.mount_point));
    }
  }
  return absl::OkStatus();
}

}  // namespace coppice
