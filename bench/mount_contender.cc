#include "bench/mount_contender.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/fuse_server.h"
#include "bench/mounted_program.h"
#include "bench/mounted_service.h"
#include "bench/process_costs.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/program_files.h"

namespace coppice {
namespace {

constexpr char kDropCaches[] = "/proc/sys/vm/drop_caches";
// Names and attributes; pages are dropped file by file.
constexpr char kDropNames[] = "2";
constexpr absl::Duration kCostsMax = absl::Seconds(20);

class LocalContender final : public MountContender {
 public:
  LocalContender(std::string data, bool drop_caches)
      : data_(std::move(data)), drop_caches_(drop_caches) {}

  std::string name() const override { return "local"; }
  absl::StatusOr<std::string> Mount() override { return data_; }
  absl::Status Unmount() override { return absl::OkStatus(); }
  absl::StatusOr<ContenderCosts> Costs() override { return ContenderCosts(); }
  pid_t server_pid() const override { return -1; }

  absl::Status MakeCold(const MountCase& mount_case) override {
    switch (mount_case.cold) {
      case ColdNeeds::kNothing:
        return absl::OkStatus();
      case ColdNeeds::kPagesDropped:
        return DropPages(absl::StrCat(data_, "/", mount_case.file));
      case ColdNeeds::kNamesDropped:
        return drop_caches_ ? DropNames()
                            : absl::UnimplementedError(
                                  "cold names on the local disk need --drop_caches, which drops "
                                  "those of the whole machine");
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status DropPages(const std::string& path) {
    const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return ErrnoStatus(errno, path);
    const int error = posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    return error == 0 ? absl::OkStatus() : ErrnoStatus(error, path);
  }

  static absl::Status DropNames() {
    const FileDescriptor file(open(kDropCaches, O_WRONLY | O_CLOEXEC));
    if (!file.valid() || write(file.get(), kDropNames, 1) != 1) {
      return ErrnoStatus(errno, kDropCaches);
    }
    return absl::OkStatus();
  }

  const std::string data_;
  const bool drop_caches_;
};

class FloorContender final : public MountContender {
 public:
  FloorContender(std::string data, std::string scratch, const BenchContext& context)
      : data_(std::move(data)), scratch_(std::move(scratch)), context_(context) {}

  std::string name() const override { return "floor"; }

  absl::StatusOr<std::string> Mount() override {
    const auto program = FindProgram("bench/floor_mount");
    if (!program.ok()) return program.status();
    auto mounted = MountedProgram::Start(
        {.name = "floor_mount",
         .arguments = {*program, absl::StrCat("--export_root=", data_), "--tree=/"},
         .mount_point = absl::StrCat(scratch_, "/floor"),
         .log_file = absl::StrCat(scratch_, "/floor.log")},
        context_);
    if (!mounted.ok()) return mounted.status();
    mounted_ = *std::move(mounted);
    return mounted_->mount_point();
  }

  absl::Status Unmount() override {
    if (mounted_ == nullptr) return absl::OkStatus();
    return std::exchange(mounted_, nullptr)->Stop();
  }

  absl::Status MakeCold(const MountCase& /*mount_case*/) override { return absl::OkStatus(); }
  pid_t server_pid() const override { return mounted_->pid(); }

  absl::StatusOr<ContenderCosts> Costs() override {
    const auto process = ReadProcessCosts(mounted_->pid());
    if (!process.ok()) return process.status();
    const auto fuse = ReadRequestCounters(mounted_->mount_point());
    if (!fuse.ok()) return fuse.status();
    return ContenderCosts{.fuse = *fuse, .cpu = process->cpu, .waits = process->voluntary_switches};
  }

 private:
  const std::string data_;
  const std::string scratch_;
  const BenchContext& context_;
  std::unique_ptr<MountedProgram> mounted_;
};

class CoppiceContender final : public MountContender {
 public:
  CoppiceContender(std::unique_ptr<MountedService> service, const BenchContext& context)
      : service_(std::move(service)), context_(context) {}

  std::string name() const override { return "coppice"; }

  absl::StatusOr<std::string> Mount() override {
    auto mounted = service_->MountAgain(0, handle_);
    if (!mounted.ok()) return mounted.status();
    mounted_ = *std::move(mounted);
    return mounted_->mount_point();
  }

  absl::Status Unmount() override {
    if (mounted_ == nullptr) return absl::OkStatus();
    return std::exchange(mounted_, nullptr)->Stop();
  }

  absl::Status MakeCold(const MountCase& /*mount_case*/) override { return absl::OkStatus(); }
  pid_t server_pid() const override { return handle_.client_pid; }

  absl::StatusOr<ContenderCosts> Costs() override {
    const auto costs = ReadNodeCosts(handle_, context_.Limits(kCostsMax));
    if (!costs.ok()) return costs.status();
    // The only node: whoever calls its peer is a client.
    return ContenderCosts{
        .fuse = costs->fuse,
        .calls = CallsIn(costs->service),
        .call_bytes = CounterOf(costs->service, "bytes_sent"),
        .blocks_shared = CounterOf(costs->service, "blocks_shared"),
        .backing_opens = CounterOf(costs->backing, "opens"),
        .moved = MovedBytesOf({*costs}),
        .cpu = costs->peer.cpu + costs->client.cpu,
        .waits = costs->peer.voluntary_switches + costs->client.voluntary_switches};
  }

 private:
  const std::unique_ptr<MountedService> service_;
  const BenchContext& context_;
  NodeHandle handle_;
  std::unique_ptr<MountedProgram> mounted_;
};

}  // namespace

std::unique_ptr<MountContender> MakeLocalContender(const std::string& data, bool drop_caches) {
  return std::make_unique<LocalContender>(data, drop_caches);
}

std::unique_ptr<MountContender> MakeFloorContender(const std::string& data,
                                                   const std::string& scratch,
                                                   const BenchContext& context) {
  return std::make_unique<FloorContender>(data, scratch, context);
}

absl::StatusOr<std::unique_ptr<MountContender>> MakeCoppiceContender(const std::string& data,
                                                                     const MountData& amounts,
                                                                     const BenchContext& context) {
  // Room for all of it, whatever the default is.
  const uint64_t cache_bytes =
      2 * (amounts.large_bytes + amounts.random_bytes + amounts.mapped_bytes) + (1 << 30);
  auto service = MountedService::Start(
      {.export_root = data, .peer_flags = {absl::StrCat("--cache_bytes=", cache_bytes)}}, context);
  if (!service.ok()) return service.status();
  auto contender = std::make_unique<CoppiceContender>(*std::move(service), context);
  const auto root = contender->Mount();
  if (!root.ok()) return root.status();
  for (const MountCase& mount_case : MountCases(*root, amounts, /*workers=*/1)) {
    if (mount_case.cold == ColdNeeds::kNothing) continue;
    // With the names that are searched before.
    for (const Work* const work : {&mount_case.before, &mount_case.work}) {
      if (!work->work) continue;
      const auto warmed = RunWorkers(1, *work, kCaseMax, context);
      if (!warmed.ok()) return Annotate(warmed.status(), "warming the peer");
    }
  }
  if (absl::Status status = contender->Unmount(); !status.ok()) return status;
  return contender;
}

}  // namespace coppice
