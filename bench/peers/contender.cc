#include "bench/peers/contender.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bench/mounted_program.h"
#include "bench/process/loopback_ssh.h"
#include "bench/process/mount_process.h"
#include "bench/process/peer_chain.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/program_files.h"

namespace coppice {
namespace {

constexpr const char* kLocalDisk = kContenderNames[0];
constexpr const char* kCoppice = kContenderNames[1];
constexpr const char* kSquashfuse = kContenderNames[2];
constexpr const char* kKernelSquashfs = kContenderNames[3];
constexpr const char* kBindfs = kContenderNames[4];
constexpr const char* kSshfs = kContenderNames[5];
constexpr const char* kRclone = kContenderNames[6];
constexpr char kMakeImage[] = "/usr/bin/mksquashfs";
constexpr absl::Duration kMakeImageMax = absl::Minutes(5);

// ---- The local disk: the tree itself ----

class LocalTree final : public MountedTree {
 public:
  explicit LocalTree(std::string tree) : tree_(std::move(tree)) {}
  const std::string& root() const override { return tree_; }
  std::vector<pid_t> pids() const override { return {}; }

 private:
  const std::string tree_;
};

class LocalDisk final : public Contender {
 public:
  explicit LocalDisk(std::string tree) : tree_(std::move(tree)) {}
  const std::string& name() const override { return name_; }
  absl::StatusOr<std::unique_ptr<MountedTree>> Mount() override {
    return std::make_unique<LocalTree>(tree_);
  }

 private:
  const std::string name_ = kLocalDisk;
  const std::string tree_;
};

// ---- Ours: a peer with empty caches and its mount ----

class CoppiceTree final : public MountedTree {
 public:
  CoppiceTree(std::unique_ptr<PeerChain> peer, std::unique_ptr<MountedProgram> client)
      : peer_(std::move(peer)), client_(std::move(client)) {}
  const std::string& root() const override { return client_->mount_point(); }
  std::vector<pid_t> pids() const override {
    std::vector<pid_t> pids = peer_->pids();
    pids.push_back(client_->pid());
    return pids;
  }

 private:
  const std::unique_ptr<PeerChain> peer_;
  const std::unique_ptr<MountedProgram> client_;
};

class CoppiceContender final : public Contender {
 public:
  CoppiceContender(ContenderPlaces places, ProgramFiles programs, const BenchContext& context)
      : places_(std::move(places)), programs_(std::move(programs)), context_(context) {}
  const std::string& name() const override { return name_; }
  absl::StatusOr<std::unique_ptr<MountedTree>> Mount() override {
    auto peer = PeerChain::Start(
        {.peer_server = programs_.peer_server, .export_root = places_.tree}, context_);
    if (!peer.ok()) return peer.status();
    auto client = MountedProgram::Start(
        {.name = "fuse_client",
         .arguments = {programs_.fuse_client, absl::StrCat("--peer=unix:", (*peer)->socket())},
         .mount_point = places_.scratch + "/coppice",
         .log_file = places_.scratch + "/fuse_client.log"},
        context_);
    if (!client.ok()) return client.status();
    return std::make_unique<CoppiceTree>(*std::move(peer), *std::move(client));
  }

 private:
  const std::string name_ = kCoppice;
  const ContenderPlaces places_;
  const ProgramFiles programs_;
  const BenchContext context_;
};

// ---- Another program ----

class OtherTree final : public MountedTree {
 public:
  explicit OtherTree(MountProcess mount) : mount_(std::move(mount)) {}
  const std::string& root() const override { return mount_.mount_point(); }
  std::vector<pid_t> pids() const override { return mount_.pids(); }

 private:
  const MountProcess mount_;
};

class OtherContender final : public Contender {
 public:
  OtherContender(MountProcessOptions options, const BenchContext& context)
      : options_(std::move(options)), context_(context) {}
  const std::string& name() const override { return options_.who; }
  absl::StatusOr<std::unique_ptr<MountedTree>> Mount() override {
    absl::StatusOr<MountProcess> mount = MountProcess::Start(options_, context_);
    if (!mount.ok()) return mount.status();
    return std::make_unique<OtherTree>(*std::move(mount));
  }

 private:
  const MountProcessOptions options_;
  const BenchContext context_;
};

// ---- All of them ----

class ContenderList {
 public:
  ContenderList(const ContenderPlaces& places, const std::vector<std::string>& names,
                const BenchContext& context)
      : places_(places), names_(names), context_(context) {}

  absl::StatusOr<std::vector<ContenderOrReason>> Make();

 private:
  absl::Status AddOurs();
  void AddSquashfs();
  void AddSshfs();
  // `command` without the program's own path; the mount point comes last.
  void AddOther(const std::string& name, const std::string& program, std::vector<std::string> flags,
                bool in_foreground = true);
  void AddMissing(const std::string& name, std::string reason) {
    list_.push_back({.name = name, .reason = std::move(reason)});
  }
  absl::Status MakeImage(const std::string& image);

  bool Wants(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  const ContenderPlaces places_;
  const std::vector<std::string> names_;
  const BenchContext context_;
  std::vector<ContenderOrReason> list_;
};

// Keeps the keys for as long as they are needed.
class SshfsContender final : public Contender {
 public:
  SshfsContender(LoopbackSsh ssh, MountProcessOptions options, const BenchContext& context)
      : ssh_(std::move(ssh)), base_(std::move(options), context) {}
  const std::string& name() const override { return base_.name(); }
  absl::StatusOr<std::unique_ptr<MountedTree>> Mount() override { return base_.Mount(); }

 private:
  const LoopbackSsh ssh_;
  OtherContender base_;
};

absl::StatusOr<std::vector<ContenderOrReason>> ContenderList::Make() {
  if (Wants(kLocalDisk)) {
    list_.push_back({.name = kLocalDisk, .contender = std::make_unique<LocalDisk>(places_.tree)});
  }
  if (Wants(kCoppice)) {
    if (absl::Status added = AddOurs(); !added.ok()) return added;
  }
  AddSquashfs();
  if (Wants(kBindfs)) AddOther(kBindfs, "/usr/bin/bindfs", {"-f", "-r", places_.tree});
  if (Wants(kSshfs)) AddSshfs();
  if (Wants(kRclone)) {
    AddOther(kRclone, "/usr/bin/rclone",
             {"mount", "--config=/dev/null", "--read-only", places_.tree});
  }
  // One that does not mount here is a row that says so.
  for (ContenderOrReason& each : list_) {
    if (each.contender == nullptr) continue;
    if (absl::Status status = CheckNotInterrupted(context_); !status.ok()) return status;
    const absl::Status mounted = each.contender->Mount().status();
    if (mounted.ok()) continue;
    if (each.name == kCoppice) return mounted;
    each.reason = std::string(mounted.message());
    each.contender = nullptr;
  }
  return std::move(list_);
}

absl::Status ContenderList::AddOurs() {
  const auto programs = FindPrograms();
  if (!programs.ok()) return programs.status();
  list_.push_back({.name = kCoppice,
                   .contender = std::make_unique<CoppiceContender>(places_, *programs, context_)});
  return absl::OkStatus();
}

void ContenderList::AddSquashfs() {
  if (!Wants(kSquashfuse) && !Wants(kKernelSquashfs)) return;
  const std::string image = places_.scratch + "/image";
  const absl::Status made = MakeImage(image);
  for (const char* name : {kSquashfuse, kKernelSquashfs}) {
    if (!Wants(name)) continue;
    if (!made.ok()) {
      AddMissing(name, std::string(made.message()));
    } else if (name == kSquashfuse) {
      AddOther(name, "/usr/bin/squashfuse_ll", {"-f", image});
    } else if (geteuid() != 0) {
      AddMissing(name, "only root may mount a loop device");
    } else {
      AddOther(name, "/usr/bin/mount", {"-t", "squashfs", "-o", "ro,loop", image},
               /*in_foreground=*/false);
    }
  }
}

void ContenderList::AddSshfs() {
  absl::StatusOr<LoopbackSsh> ssh = LoopbackSsh::Prepare(places_.scratch + "/ssh", context_);
  if (!ssh.ok()) return AddMissing(kSshfs, std::string(ssh.status().message()));
  const std::string mount_point = places_.scratch + "/sshfs";
  MountProcessOptions options = {.who = kSshfs,
                                 .arguments = ssh->SshfsCommand(places_.tree, mount_point),
                                 .log_file = places_.scratch + "/sshfs.log",
                                 .mount_point = mount_point};
  list_.push_back({.name = kSshfs,
                   .contender = std::make_unique<SshfsContender>(*std::move(ssh),
                                                                 std::move(options), context_)});
}

void ContenderList::AddOther(const std::string& name, const std::string& program,
                             std::vector<std::string> flags, bool in_foreground) {
  if (access(program.c_str(), X_OK) != 0) {
    return AddMissing(name, absl::StrCat(program, " is not installed"));
  }
  MountProcessOptions options = {
      .who = name,
      .arguments = {program},
      .log_file = absl::StrCat(places_.scratch, "/", list_.size(), ".log"),
      .mount_point = absl::StrCat(places_.scratch, "/mount", list_.size()),
      .in_foreground = in_foreground};
  options.arguments.insert(options.arguments.end(), flags.begin(), flags.end());
  options.arguments.push_back(options.mount_point);
  list_.push_back(
      {.name = name, .contender = std::make_unique<OtherContender>(std::move(options), context_)});
}

absl::Status ContenderList::MakeImage(const std::string& image) {
  if (access(kMakeImage, X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat(kMakeImage, " is not installed"));
  }
  auto program = ChildProcess::Start({.arguments = {kMakeImage, places_.tree, image, "-noI", "-noD",
                                                    "-noF", "-noX", "-no-progress", "-quiet"},
                                      .environment = OwnEnvironment(),
                                      .log_file = places_.scratch + "/mksquashfs.log"});
  if (!program.ok()) return program.status();
  const auto end = program->Wait(context_.Limits(kMakeImageMax));
  if (!end.ok()) return end.status();
  if (end->success()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("mksquashfs ", end->Describe()));
}

}  // namespace

absl::StatusOr<std::vector<ContenderOrReason>> MakeContenders(const ContenderPlaces& places,
                                                              const std::vector<std::string>& names,
                                                              const BenchContext& context) {
  return ContenderList(places, names, context).Make();
}

}  // namespace coppice
