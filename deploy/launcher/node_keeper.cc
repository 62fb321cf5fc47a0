#include "deploy/launcher/node_keeper.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/descriptor_wait.h"
#include "deploy/launcher/node_checks.h"
#include "deploy/launcher/node_place.h"
#include "deploy/mount_directory.h"
#include "deploy/mount_probe.h"
#include "deploy/mount_warming.h"
#include "deploy/probe_report.h"
#include "deploy/process_identity.h"
#include "deploy/root_readiness.h"
#include "deploy/service_program.h"
#include "deploy/service_record.h"
#include "deploy/service_stop.h"
#include "deploy/state_directory.h"
#include "deploy/stop_notice.h"
#include "fuse_client/fuse_device.h"

namespace coppice {
namespace {

// For the peer of this node to take what it is told: it does nothing for it.
constexpr absl::Duration kReportMax = absl::Seconds(10);
// For a peer to end that has sent the last answer of a stop; it is killed then.
constexpr absl::Duration kPeerEndMax = absl::Seconds(10);

// The peer of a service that was just stopped has its port until its last answer has left.
constexpr absl::Duration kPortsFreeMax = absl::Seconds(3);
constexpr absl::Duration kLookAgain = absl::Milliseconds(50);
constexpr mode_t kLogMode = 0600;

void Log(absl::string_view text) {
  fprintf(stderr, "coppice_node: %s\n", std::string(text).c_str());
}

class NodeKeeperHere final : public NodeKeeper {
 public:
  NodeKeeperHere(NodeJob job, TreePlace place, int interrupt_descriptor)
      : job_(std::move(job)),
        place_(std::move(place)),
        interrupt_descriptor_(interrupt_descriptor),
        limits_({.deadline = absl::Now() + job_.timeout,
                 .interrupt_descriptor = interrupt_descriptor}) {}

  ~NodeKeeperHere() override {
    if (cleaned_up_) return;
    const absl::Status ended = CleanUp(/*spare_peers=*/false);
    if (!ended.ok()) Log(ended.message());
  }

  absl::Status StartPeer() {
    if (absl::Status status = CheckFuseDevice(); !status.ok()) return status;
    if (absl::Status status = CheckPrograms(); !status.ok()) return status;
    if (absl::Status status = TakeState(); !status.ok()) return status;
    // A stop removes the tree file before it comes to the nodes: either it finds what we have
    // written down, or we find that it was here.
    if (absl::Status status = CheckNotEnded(); !status.ok()) return status;
    if (absl::Status status = PrepareMount(); !status.ok()) return status;
    if (absl::Status status = AwaitPorts(); !status.ok()) return status;
    std::vector<std::string> arguments = {job_.peer_server, absl::StrCat("--tree=", job_.tree_file),
                                          absl::StrCat("--node=", node().name),
                                          absl::StrCat("--socket=", node().socket)};
    arguments.insert(arguments.end(), job_.peer_flags.begin(), job_.peer_flags.end());
    if (absl::Status status =
            StartProgram(ProcessRole::kPeer, std::move(arguments), "peer.log", peer_);
        !status.ok()) {
      return status;
    }
    auto notice = OpenStopNotice(node().socket);
    if (!notice.ok()) return notice.status();
    notice_ = *std::move(notice);
    if (absl::Status status = LetNoticeInterrupt(); !status.ok()) return status;
    return CheckNotEnded();
  }

  void Keep() override {
    if (absl::Status mounted = Mount(); !mounted.ok()) {
      TellProblem(mounted);
    } else if (absl::Status proven = ReportMountRead(node().socket, limits_.deadline);
               !proven.ok()) {
      // The peer knows that itself.
      Log(proven.message());
    } else if (!job_.recording.empty()) {
      Warm();
    }
    // A stop that comes by itself needs the lock.
    state_.reset();
    if (AwaitEnd()) CleanUpForStop();
  }

 private:
  // Of the one node that this service has here.
  const NodeRecord& node() const { return record_.nodes[0]; }

  // Whatever ends the service ends the waits of its start.
  absl::Status LetNoticeInterrupt() {
    either_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
    for (const int descriptor : {interrupt_descriptor_, notice_->descriptor()}) {
      epoll_event event = {.events = EPOLLIN, .data = {.fd = descriptor}};
      if (descriptor >= 0 && epoll_ctl(either_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
        return ErrnoStatus(errno, "epoll_ctl");
      }
    }
    limits_.interrupt_descriptor = either_.get();
    return absl::OkStatus();
  }

  absl::Status CheckNotEnded() const {
    // Opened, not stat'ed: NFS asks its server for that.
    const FileDescriptor tree(open(job_.tree_file.c_str(), O_RDONLY | O_CLOEXEC));
    if (tree.valid()) return absl::OkStatus();
    return absl::CancelledError("the launch was ended meanwhile");
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
    written_down_ = true;
    if (!job_.stay) LogToState();
    const auto identity = IdentifyProcess(getpid());
    if (!identity.ok()) return identity.status();
    return Remember(ProcessRole::kStarter, *identity);
  }

  // In the background nobody reads our standard error.
  void LogToState() const {
    const FileDescriptor log(open(state_->File("node.log").c_str(),
                                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kLogMode));
    if (log.valid()) dup2(log.get(), STDERR_FILENO);
  }

  absl::Status CleanUpAfterDead(StateDirectory& state, const std::string& text) const {
    const auto record = ParseServiceRecord(text);
    if (!record.ok()) return Annotate(record.status(), state.File(kServiceRecordFile));
    if (CountRunning(*record) > 0) {
      return absl::AlreadyExistsError(absl::StrCat("the service '", job_.service,
                                                   "' is running here already; stop it first, or "
                                                   "choose another --name"));
    }
    return StopService(state, {.progress = Log});
  }

  // FAILED_PRECONDITION when they stay taken.
  absl::Status AwaitPorts() const {
    const absl::Time deadline = std::min(limits_.deadline, absl::Now() + kPortsFreeMax);
    while (true) {
      const absl::Status free = CheckPorts(place_.self.addresses);
      if (free.ok() || absl::Now() >= deadline) return free;
      const auto paused = WaitReadable({}, {.deadline = absl::Now() + kLookAgain,
                                            .interrupt_descriptor = limits_.interrupt_descriptor});
      if (absl::IsCancelled(paused.status())) return paused.status();
    }
  }

  absl::Status PrepareMount() {
    if (absl::Status cleaned = RemoveDeadMount(job_.mount); !cleaned.ok()) return cleaned;
    const auto prepared = PrepareMountDirectory(job_.mount);
    if (!prepared.ok()) return prepared.status();
    record_.made_directories = prepared->made;
    record_.nodes.push_back(
        {.name = place_.self.name,
         .address = place_.self.addresses.empty() ? "" : place_.self.addresses[0],
         .socket = state_->File("peer.sock"),
         .mount_point = prepared->path});
    return Save();
  }

  absl::Status Save() { return state_->WriteFile(kServiceRecordFile, ServiceRecordText(record_)); }

  absl::Status Remember(ProcessRole role, const ProcessIdentity& identity) {
    record_.processes.push_back({place_.self.name, role, identity});
    return Save();
  }

  // Returns when it says that it is ready.
  absl::Status StartProgram(ProcessRole role, std::vector<std::string> arguments,
                            const std::string& log, std::optional<ServiceProgram>& program) {
    auto started = ServiceProgram::Start(
        {.who = std::string(RoleName(role)),
         .arguments = std::move(arguments),
         .log_file = state_->File(log),
         // A tool that takes us away takes all of the node.
         .parent_death_signal = job_.stay ? SIGTERM : 0,
         .remember = [&](const ProcessIdentity& identity) { return Remember(role, identity); }});
    if (!started.ok()) return started.status();
    program.emplace(*std::move(started));
    return program->AwaitReady(limits_);
  }

  absl::Status Mount() {
    if (absl::Status connected = AwaitConnected(); !connected.ok()) return connected;
    std::vector<std::string> arguments = {job_.fuse_client,
                                          absl::StrCat("--peer=unix:", node().socket)};
    arguments.insert(arguments.end(), job_.client_flags.begin(), job_.client_flags.end());
    arguments.push_back(node().mount_point);
    if (absl::Status status =
            StartProgram(ProcessRole::kClient, std::move(arguments), "client.log", client_);
        !status.ok()) {
      return status;
    }
    return ProbeMount(node().mount_point, {}, "the mount", client_->log_file(), limits_);
  }

  // A client that finds no root does not mount; nodes above may start after us.
  absl::Status AwaitConnected() const {
    v1::GetReadinessRequest request;
    // Nobody below us is before we are.
    request.set_wait_until_members(1);
    request.set_wait_for(v1::READINESS_STATE_CONNECTED);
    const auto reply = RootReadiness::At(node().socket)->Ask(request, limits_);
    if (!reply.ok()) return reply.status();
    if (reply->reached()) return absl::OkStatus();
    return absl::DeadlineExceededError("its peer found no way to the root of each tree in time");
  }

  void TellProblem(const absl::Status& problem) {
    Log(problem.message());
    const absl::Status told =
        ReportProblem(node().socket, std::string(problem.message()), absl::Now() + kReportMax);
    if (!told.ok()) Log(told.message());
  }

  void Warm() {
    uint64_t bytes = 0;
    const auto tell = [&](bool done, absl::string_view problem) {
      const absl::Status told =
          ReportWarming(node().socket, bytes, done, std::string(problem), absl::Now() + kReportMax);
      if (!told.ok()) Log(told.message());
    };
    const absl::Status warmed = WarmMount({.program = job_.warm,
                                           .trace = job_.recording,
                                           .mount_point = node().mount_point,
                                           .log_file = state_->File("warm.log"),
                                           .on_progress =
                                               [&](uint64_t read) {
                                                 bytes = read;
                                                 tell(/*done=*/false, "");
                                               }},
                                          limits_);
    if (!warmed.ok()) Log(warmed.message());
    tell(warmed.ok(), warmed.message());
  }

  // True: a stop by the tree, which waits for us. False: the peer has died, or we are told to end.
  bool AwaitEnd() {
    const auto event = WaitReadable({notice_->descriptor(), peer_->process().pid_descriptor()},
                                    {.interrupt_descriptor = interrupt_descriptor_});
    if (!event.ok()) {
      Log(event.status().message());
      return false;
    }
    if (*event == 0 && notice_->outcome().ok()) {
      Log(absl::StrCat("stopped by the tree: ", notice_->reason()));
      return true;
    }
    // Nobody tells us of a stop any more, but the peer may serve.
    if (*event == 0) Log(notice_->outcome().message());
    peer_->process().Wait({.interrupt_descriptor = interrupt_descriptor_}).status().IgnoreError();
    return false;
  }

  void CleanUpForStop() {
    const absl::Time deadline = absl::Now() + notice_->time_left();
    const absl::Status cleaned = CleanUp(/*spare_peers=*/true);
    if (!cleaned.ok()) Log(cleaned.message());
    const absl::Status told = notice_->ReportCleanedUp(std::string(cleaned.message()), deadline);
    if (!told.ok()) Log(told.message());
    // The destructor of the process kills one that does not end.
    peer_->process().Wait({.deadline = absl::Now() + kPeerEndMax}).status().IgnoreError();
  }

  // Ends what is written down. Without the lock there is a stop at work, which does the same.
  absl::Status CleanUp(bool spare_peers) {
    if (!written_down_) return absl::OkStatus();
    if (!state_.has_value()) {
      auto state = StateDirectory::Open(job_.node_root, job_.service);
      if (StatusErrno(state.status()) == ENOENT) {
        // What has this name from now on is not ours.
        cleaned_up_ = true;
        return absl::OkStatus();
      }
      if (!state.ok()) return state.status();
      state_ = *std::move(state);
    }
    const absl::Status ended = StopService(*state_, {.spare_peers = spare_peers, .progress = Log});
    state_.reset();
    cleaned_up_ = ended.ok();
    return ended;
  }

  const NodeJob job_;
  const TreePlace place_;
  const int interrupt_descriptor_;
  // Readable when that one is, or the notice.
  FileDescriptor either_;
  // Of the start; warming and proof included.
  WaitLimits limits_;
  std::optional<StateDirectory> state_;
  // Something of the service may be in the state directory.
  bool written_down_ = false;
  bool cleaned_up_ = false;
  ServiceRecord record_;
  std::optional<ServiceProgram> peer_;
  std::optional<ServiceProgram> client_;
  std::unique_ptr<StopNotice> notice_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<NodeKeeper>> NodeKeeper::Start(const NodeJob& job,
                                                              const std::string& node,
                                                              int interrupt_descriptor) {
  auto place = FindOwnPlace(job, node);
  if (!place.ok()) return place.status();
  auto keeper = std::make_unique<NodeKeeperHere>(job, *std::move(place), interrupt_descriptor);
  // On failure the destructor ends what was started.
  if (absl::Status status = keeper->StartPeer(); !status.ok()) return status;
  return keeper;
}

}  // namespace coppice
