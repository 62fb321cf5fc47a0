#include "bench/import_contender.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "bench/copy_count.h"
#include "bench/fuse_server.h"
#include "bench/mounted_program.h"
#include "bench/mounted_service.h"
#include "bench/node_costs.h"
#include "bench/process_costs.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/log_tail.h"
#include "deploy/program_files.h"

namespace coppice {
namespace {

constexpr char kMakeSquashfs[] = "/usr/bin/mksquashfs";
constexpr char kMount[] = "/bin/mount";
constexpr char kClientSystemCalls[] = "system calls, client";
constexpr char kPeerSystemCalls[] = "system calls per peer";
constexpr mode_t kOwnerOnly = 0700;
constexpr absl::Duration kCommandMax = absl::Minutes(5);

void AddFuseCounts(const Counters& fuse, std::vector<Count>& counts) {
  counts.push_back({kRequestsCount, static_cast<double>(FuseRequestsBesideIoctl(fuse))});
  AppendCounts(FuseCounts(fuse), counts);
  counts.push_back({"read", static_cast<double>(CounterOf(fuse, "read_bytes")), Unit::kBytes});
}

class LocalImport final : public ImportContender {
 public:
  const std::string& name() const override { return name_; }
  bool has_cold() const override { return false; }
  bool has_warm() const override { return true; }
  absl::StatusOr<std::string> Mount() override { return std::string(); }
  absl::Status Unmount() override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<Count>> TakeCounts() override { return std::vector<Count>(); }
  std::vector<ServingProcesses> servers() const override { return {}; }

 private:
  const std::string name_ = "local";
};

// A mount by a program of bench/.
class ProgramImport final : public ImportContender {
 public:
  ProgramImport(std::string name, std::string program, std::vector<std::string> flags,
                const std::string& scratch, const BenchContext& context)
      : name_(std::move(name)),
        program_(std::move(program)),
        flags_(std::move(flags)),
        mount_point_(absl::StrCat(scratch, "/", program_)),
        context_(context) {}

  const std::string& name() const override { return name_; }
  bool has_cold() const override { return true; }
  bool has_warm() const override { return true; }

  absl::StatusOr<std::string> Mount() override {
    const auto found = FindProgram(absl::StrCat("bench/", program_));
    if (!found.ok()) return found.status();
    std::vector<std::string> arguments = {*found};
    arguments.insert(arguments.end(), flags_.begin(), flags_.end());
    auto mounted = MountedProgram::Start({.name = program_,
                                          .arguments = std::move(arguments),
                                          .mount_point = mount_point_,
                                          .log_file = absl::StrCat(mount_point_, ".log")},
                                         context_);
    if (!mounted.ok()) return mounted.status();
    mounted_ = *std::move(mounted);
    if (absl::Status status = TakeCounts().status(); !status.ok()) return status;
    return mount_point_;
  }

  absl::Status Unmount() override {
    return mounted_ == nullptr ? absl::OkStatus() : std::exchange(mounted_, nullptr)->Stop();
  }

  absl::StatusOr<std::vector<Count>> TakeCounts() override {
    auto fuse = ReadRequestCounters(mount_point_);
    if (!fuse.ok()) return fuse.status();
    const auto process = ReadProcessCosts(mounted_->pid());
    if (!process.ok()) return process.status();
    const ProcessCosts spent = CostsBetween(costs_before_, *process);
    std::vector<Count> counts = {{"client CPU", absl::ToDoubleSeconds(spent.cpu), Unit::kSeconds},
                                 {"client waits", static_cast<double>(spent.voluntary_switches)}};
    AddFuseCounts(CountersBetween(fuse_before_, *fuse), counts);
    fuse_before_ = *std::move(fuse);
    costs_before_ = *process;
    return counts;
  }

  std::vector<ServingProcesses> servers() const override {
    return {{kClientSystemCalls, {mounted_->pid()}}};
  }

 private:
  const std::string name_;
  const std::string program_;
  const std::vector<std::string> flags_;
  const std::string mount_point_;
  const BenchContext& context_;
  std::unique_ptr<MountedProgram> mounted_;
  Counters fuse_before_;
  ProcessCosts costs_before_;
};

// The kernel's squashfs over a loop device: no user space in it at all. The image is in the page
// cache, as the packages are.
class SquashfsImport final : public ImportContender {
 public:
  SquashfsImport(std::vector<std::string> directories, const std::string& scratch,
                 const BenchContext& context)
      : directories_(std::move(directories)),
        image_(absl::StrCat(scratch, "/packages.squashfs")),
        mount_point_(absl::StrCat(scratch, "/squashfs")),
        log_file_(absl::StrCat(scratch, "/squashfs.log")),
        context_(context) {}

  ~SquashfsImport() override { (void)Unmount(); }

  const std::string& name() const override { return name_; }
  bool has_cold() const override { return true; }
  bool has_warm() const override { return true; }

  absl::StatusOr<std::string> Mount() override {
    if (access(image_.c_str(), F_OK) != 0) {
      context_.progress("making the squashfs image");
      std::vector<std::string> command = {kMakeSquashfs};
      command.insert(command.end(), directories_.begin(), directories_.end());
      // Like tar: with the directories above. Nothing is compressed.
      command.insert(command.end(), {image_, "-no-strip", "-noI", "-noD", "-noF", "-noX",
                                     "-no-xattrs", "-no-progress", "-quiet"});
      if (absl::Status status = RunCommand(std::move(command)); !status.ok()) return status;
    }
    if (mkdir(mount_point_.c_str(), kOwnerOnly) != 0 && errno != EEXIST) {
      return ErrnoStatus(errno, mount_point_);
    }
    if (absl::Status status =
            RunCommand({kMount, "-t", "squashfs", "-o", "loop,ro", image_, mount_point_});
        !status.ok()) {
      return status;
    }
    mounted_ = true;
    return mount_point_;
  }

  absl::Status Unmount() override {
    if (!std::exchange(mounted_, false)) return absl::OkStatus();
    if (umount2(mount_point_.c_str(), UMOUNT_NOFOLLOW) == 0) return absl::OkStatus();
    const int error = errno;
    (void)umount2(mount_point_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    return ErrnoStatus(error, absl::StrCat("unmount '", mount_point_, "'"));
  }

  absl::StatusOr<std::vector<Count>> TakeCounts() override { return std::vector<Count>(); }
  std::vector<ServingProcesses> servers() const override { return {}; }

 private:
  absl::Status RunCommand(std::vector<std::string> command) {
    const std::string program = command.front();
    auto process = ChildProcess::Start({.arguments = std::move(command),
                                        .environment = OwnEnvironment(),
                                        .log_file = log_file_,
                                        .parent_death_signal = SIGKILL});
    if (!process.ok()) return process.status();
    const auto end = process->Wait(context_.Limits(kCommandMax));
    if (!end.ok()) return Annotate(end.status(), program);
    if (end->success()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(program, " ", end->Describe(), ":\n", LogTail(log_file_)));
  }

  const std::string name_ = "squashfs";
  const std::vector<std::string> directories_;
  const std::string image_;
  const std::string mount_point_;
  const std::string log_file_;
  const BenchContext& context_;
  bool mounted_ = false;
};

class CoppiceImport final : public ImportContender {
 public:
  CoppiceImport(size_t nodes, const BenchContext& context)
      : name_(nodes == 1 ? "coppice" : absl::StrCat("coppice, chain of ", nodes)),
        nodes_(nodes),
        context_(context) {}

  const std::string& name() const override { return name_; }
  bool has_cold() const override { return true; }
  // In the kernel's caches of the last node, all chains are the same.
  bool has_warm() const override { return nodes_ == 1; }

  // A new service, since the peers' caches shall be empty.
  absl::StatusOr<std::string> Mount() override {
    auto service = MountedService::Start({.nodes = nodes_}, context_);
    if (!service.ok()) return service.status();
    service_ = *std::move(service);
    auto costs = service_->ReadCosts();
    if (!costs.ok()) return costs.status();
    before_ = *std::move(costs);
    return service_->last().mount_point;
  }

  absl::Status Unmount() override {
    return service_ == nullptr ? absl::OkStatus() : std::exchange(service_, nullptr)->Stop();
  }

  absl::StatusOr<std::vector<Count>> TakeCounts() override {
    auto after = service_->ReadCosts();
    if (!after.ok()) return after.status();
    std::vector<NodeCosts> spent;
    for (size_t i = 0; i < nodes_; ++i) spent.push_back(CostsBetween(before_[i], (*after)[i]));
    before_ = *std::move(after);

    absl::Duration client_cpu;
    absl::Duration peer_cpu;
    uint64_t hop_bytes = 0;
    for (const NodeCosts& costs : spent) {
      client_cpu += costs.client.cpu;
      peer_cpu += costs.peer.cpu;
      hop_bytes += CounterOf(costs.parent, "bytes_received");
    }
    const NodeCosts& last = spent.back();
    // The clients of the other nodes do nothing.
    std::vector<Count> counts = {
        {"client CPU", absl::ToDoubleSeconds(client_cpu), Unit::kSeconds},
        {"client waits", static_cast<double>(last.client.voluntary_switches)},
        {"peer waits", static_cast<double>(last.peer.voluntary_switches)},
        {"CPU per peer", absl::ToDoubleSeconds(peer_cpu) / static_cast<double>(nodes_),
         Unit::kSeconds}};
    AddFuseCounts(last.fuse, counts);
    counts.push_back({"RPCs", static_cast<double>(CallsIn(last.service))});
    counts.push_back(
        {"RPC bytes", static_cast<double>(CounterOf(last.service, "bytes_sent")), Unit::kBytes});
    counts.push_back(
        {"blocks shared", static_cast<double>(CounterOf(last.service, "blocks_shared"))});
    if (nodes_ > 1) {
      counts.push_back({"RPCs up", static_cast<double>(CallsIn(last.parent))});
      counts.push_back(
          {"bytes per hop", static_cast<double>(hop_bytes / (nodes_ - 1)), Unit::kBytes});
    }
    counts.push_back(
        {"origin", static_cast<double>(CounterOf(spent.front().backing, "bytes")), Unit::kBytes});
    const MovedBytes moved = MovedBytesOf(spent);
    AppendCounts(CopyCounts(moved, moved.to_kernel), counts);
    return counts;
  }

  // The clients of the other nodes do nothing.
  std::vector<ServingProcesses> servers() const override {
    std::vector<pid_t> peers;
    for (const NodeHandle& node : service_->nodes()) peers.push_back(node.peer_pid);
    return {{kClientSystemCalls, {service_->last().client_pid}},
            {kPeerSystemCalls, std::move(peers)}};
  }

 private:
  const std::string name_;
  const size_t nodes_;
  const BenchContext& context_;
  std::unique_ptr<MountedService> service_;
  std::vector<NodeCosts> before_;
};

}  // namespace

std::unique_ptr<ImportContender> MakeLocalImport() { return std::make_unique<LocalImport>(); }

std::unique_ptr<ImportContender> MakePassthroughImport(const std::string& scratch,
                                                       const BenchContext& context) {
  return std::make_unique<ProgramImport>("passthrough", "passthrough_mount",
                                         std::vector<std::string>{"--export_root=/"}, scratch,
                                         context);
}

std::unique_ptr<ImportContender> MakeFloorImport(const std::vector<std::string>& directories,
                                                 const std::string& scratch,
                                                 const BenchContext& context) {
  return std::make_unique<ProgramImport>(
      "floor", "floor_mount",
      std::vector<std::string>{absl::StrCat("--tree=", absl::StrJoin(directories, ":"))}, scratch,
      context);
}

absl::StatusOr<std::unique_ptr<ImportContender>> MakeSquashfsImport(
    const std::vector<std::string>& directories, const std::string& scratch,
    const BenchContext& context) {
  if (access(kMakeSquashfs, X_OK) != 0) {
    return absl::UnimplementedError(
        "mksquashfs is missing (the Debian package squashfs-tools is not needed otherwise)");
  }
  if (geteuid() != 0) return absl::UnimplementedError("only root may mount a squashfs");
  return std::make_unique<SquashfsImport>(directories, scratch, context);
}

std::unique_ptr<ImportContender> MakeCoppiceImport(size_t nodes, const BenchContext& context) {
  return std::make_unique<CoppiceImport>(nodes, context);
}

}  // namespace coppice
