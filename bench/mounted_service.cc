#include "bench/mounted_service.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/scratch_directory.h"
#include "common/status.h"
#include "deploy/local_service.h"
#include "deploy/program_files.h"
#include "deploy/service_record.h"

namespace coppice {
namespace {

constexpr absl::Duration kStartMax = absl::Seconds(60);
constexpr absl::Duration kCostsMax = absl::Seconds(20);

class LaunchedService final : public MountedService {
 public:
  LaunchedService(MountedServiceOptions options, const BenchContext& context,
                  ScratchDirectory scratch, ProgramFiles programs)
      : options_(std::move(options)),
        context_(context),
        scratch_(std::move(scratch)),
        programs_(std::move(programs)) {}

  ~LaunchedService() override {
    if (absl::Status status = Stop(); !status.ok()) context_.progress(status.message());
  }

  absl::Status Launch() {
    std::vector<std::string> peer_flags = {absl::StrCat("--export_root=", options_.export_root)};
    peer_flags.insert(peer_flags.end(), options_.peer_flags.begin(), options_.peer_flags.end());
    // The state is in the scratch directory, too: no name can be taken. Its own progress is of no
    // interest here; its errors are.
    auto service = LocalService::Start({.state_root = scratch_.File("state"),
                                        .service = "bench",
                                        .node_count = options_.nodes,
                                        .mount_directory = scratch_.File("mnt"),
                                        .fanout = options_.fanout,
                                        .programs = programs_,
                                        .peer_flags = std::move(peer_flags),
                                        .client_flags = options_.client_flags,
                                        .end_with_launcher = true,
                                        .timeout = kStartMax,
                                        .interrupt_descriptor = context_.interrupt_descriptor,
                                        .progress = [](absl::string_view) {}});
    if (!service.ok()) return service.status();
    service_ = *std::move(service);
    return FindNodes();
  }

  const std::vector<NodeHandle>& nodes() const override { return nodes_; }
  const std::string& state_path() const override { return service_->state_path(); }

  absl::StatusOr<std::unique_ptr<MountedProgram>> MountAgain(size_t node,
                                                             NodeHandle& handle) override {
    std::vector<std::string> arguments = {programs_.fuse_client,
                                          absl::StrCat("--peer=unix:", nodes_[node].socket)};
    arguments.insert(arguments.end(), options_.client_flags.begin(), options_.client_flags.end());
    auto program = MountedProgram::Start(
        {.name = "fuse_client",
         .arguments = std::move(arguments),
         .mount_point = scratch_.File(absl::StrCat("again", ++mounts_made_)),
         .log_file = scratch_.File(absl::StrCat("again", mounts_made_, ".log"))},
        context_);
    if (!program.ok()) return program.status();
    handle = nodes_[node];
    handle.mount_point = (*program)->mount_point();
    handle.client_pid = (*program)->pid();
    return program;
  }

  absl::StatusOr<std::vector<NodeCosts>> ReadCosts() const override {
    std::vector<NodeCosts> all;
    for (const NodeHandle& node : nodes_) {
      auto costs = ReadNodeCosts(node, context_.Limits(kCostsMax));
      if (!costs.ok()) return costs.status();
      all.push_back(*std::move(costs));
    }
    return all;
  }

  absl::Status Stop() override {
    if (service_ == nullptr) return absl::OkStatus();
    const absl::Status stopped = service_->Stop(/*keep_logs=*/false);
    service_.reset();
    return stopped;
  }

 private:
  // The processes of each node are in the record that launch writes for stop.
  absl::Status FindNodes() {
    const std::string file = absl::StrCat(service_->state_path(), "/", kServiceRecordFile);
    const std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    const auto record = ParseServiceRecord(text.str());
    if (!record.ok()) return Annotate(record.status(), file);
    for (const NodeRecord& node : service_->nodes()) {
      NodeHandle handle = {
          .name = node.name, .socket = node.socket, .mount_point = node.mount_point};
      for (const ProcessRecord& process : record->processes) {
        if (process.node != node.name) continue;
        if (process.role == ProcessRole::kPeer) handle.peer_pid = process.identity.pid;
        if (process.role == ProcessRole::kClient) handle.client_pid = process.identity.pid;
      }
      nodes_.push_back(std::move(handle));
    }
    return absl::OkStatus();
  }

  const MountedServiceOptions options_;
  const BenchContext context_;
  // Outlives what is mounted in it.
  const ScratchDirectory scratch_;
  const ProgramFiles programs_;
  std::unique_ptr<LocalService> service_;
  std::vector<NodeHandle> nodes_;
  size_t mounts_made_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MountedService>> MountedService::Start(
    const MountedServiceOptions& options, const BenchContext& context) {
  auto programs = FindPrograms();
  if (!programs.ok()) return programs.status();
  auto scratch = ScratchDirectory::MakeShort();
  if (!scratch.ok()) return scratch.status();
  auto service = std::make_unique<LaunchedService>(options, context, *std::move(scratch),
                                                   *std::move(programs));
  if (absl::Status status = service->Launch(); !status.ok()) return status;
  return service;
}

}  // namespace coppice
