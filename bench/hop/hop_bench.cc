#include "bench/hop/hop_bench.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/hop/chain_costs.h"
#include "bench/hop/competitor.h"
#include "bench/hop/costed_run.h"
#include "bench/hop/grpc_relay.h"
#include "bench/hop/mounted_walk.h"
#include "bench/hop/relay_chain.h"
#include "bench/hop/source_reader.h"
#include "bench/hop/tar_stream.h"
#include "bench/hop/tar_walk.h"
#include "bench/hop/tcp_relay.h"
#include "bench/mounted_program.h"
#include "bench/process/kernel_reader.h"
#include "bench/process/loopback_ssh.h"
#include "bench/process/peer_chain.h"
#include "bench/process/sample_files.h"
#include "bench/scratch_directory.h"
#include "bench/system_call_counter.h"
#include "deploy/program_files.h"
#include "deploy/table.h"

namespace coppice {
namespace {

constexpr char kSource[] = "Coppice, PeerSource";
constexpr char kMount[] = "Coppice, mount";
constexpr char kGrpc[] = "raw gRPC";
constexpr char kTcp[] = "TCP copy";
constexpr char kTar[] = "tar over TCP";
constexpr char kTarRead[] = "tar over TCP, unpacked and read";
constexpr char kSshfs[] = "sshfs, 1 hop";
constexpr char kFloor[] = "FUSE floor, no hop";
// Blocks that a reader has under way, as our read-ahead has; small files.
constexpr size_t kLargeWidth = 8;
constexpr size_t kSmallWidth = 16;
constexpr size_t kFilesPerDirectory = 100;
// A root that is hot must hold everything, in each of its shards.
constexpr uint64_t kCacheBytesMin = uint64_t{4} << 30;
constexpr uint64_t kCacheFactor = 4;
// The goals; docs/benchmarks.md.
constexpr double kSpeedGoal = 0.85;
constexpr double kCpuGoal = 1.25;
constexpr double kSshfsGoal = 3;
constexpr double kTarGoal = 1.5;

// That as many bytes came as there are.
absl::Status Expect(const absl::StatusOr<uint64_t>& bytes, uint64_t expected) {
  if (!bytes.ok()) return bytes.status();
  if (*bytes == expected) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(*bytes, " bytes were read instead of ", expected));
}

class HopBench {
 public:
  HopBench(const HopOptions& options, const BenchContext& context, Report& report,
           ScratchDirectory scratch)
      : options_(options), context_(context), report_(report), scratch_(std::move(scratch)) {}

  absl::Status Run() {
    if (absl::Status prepared = Prepare(); !prepared.ok()) return prepared;
    for (const size_t hops : options_.chains) {
      if (options_.size_bytes == 0) break;
      if (absl::Status measured = MeasureLarge(hops); !measured.ok()) return measured;
    }
    for (const size_t hops : options_.chains) {
      if (options_.files == 0) break;
      if (absl::Status measured = MeasureSmall(hops); !measured.ok()) return measured;
    }
    if (options_.size_bytes > 0) AddLargeGoals();
    if (options_.files > 0) AddSmallGoals();
    AddNotes();
    if (absl::Status countable = CheckSystemCallsCountable(); !countable.ok()) {
      report_.AddNote(SystemCallsNote(countable));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Prepare();
  absl::Status PrepareSsh();
  absl::Status StartRoot();
  absl::Status MeasureLarge(size_t hops);
  absl::Status MeasureSmall(size_t hops);
  void AddLargeGoals();
  void AddSmallGoals();
  void AddNotes();
  // Of the medians, which are rates; 0 when one of them was not measured.
  double RatioOfTimes(const std::string& name, const char* who, const char* divisor) const;
  void AddTarNote(const std::string& small);
  void AddFloorNote(const std::string& small);

  absl::Status AddCase(const Workload& workload, const std::vector<Competitor>& competitors);

  Measure ThroughPeers(const Workload& workload,
                       std::function<absl::Status(const std::string&)> work);
  Measure ThroughMount(const Workload& workload,
                       std::function<absl::Status(const std::string&)> work);
  Measure ThroughRelays(const std::string& protocol, size_t hops,
                        std::function<absl::Status(const std::string&)> work);
  Measure ThroughTar(size_t hops);
  Measure ThroughTarWalk(size_t hops);
  Measure ThroughSshfs();
  Measure ThroughFloor();

  TarStreamOptions TarOptions(size_t hops) const {
    return {.relay = relay_,
            .hops = hops,
            .tree = small_.directory,
            .log_file = scratch_.File("tar.log")};
  }
  uint64_t small_bytes() const { return uint64_t{options_.files} * kSmallFileBytes; }
  std::string LargeCase(size_t hops) const {
    return absl::StrCat(FormatBytes(options_.size_bytes), ", hops: ", hops);
  }
  std::string SmallCase(size_t hops) const {
    return absl::StrCat(FormatCount(options_.files), " files of 4 KiB, hops: ", hops);
  }
  // What has no chain is measured once, beside this one.
  size_t SingleChain() const {
    const auto& chains = options_.chains;
    return std::find(chains.begin(), chains.end(), 2) != chains.end() ? 2 : chains.front();
  }

  const HopOptions options_;
  const BenchContext context_;
  Report& report_;
  const ScratchDirectory scratch_;
  const WalkedTree small_{.directory = scratch_.File("tree/small"), .bytes = small_bytes()};
  ProgramFiles programs_;
  std::string relay_;
  std::unique_ptr<PeerChain> peers_;
  // Of the small files, their root too.
  size_t directories_ = 0;
  std::unique_ptr<LoopbackSsh> ssh_;
  // Why there is none; empty: there is.
  std::string ssh_absent_;
  // CPU seconds of each row, by case and competitor.
  std::map<std::string, std::map<std::string, Samples>> cpu_;
};

absl::Status HopBench::Prepare() {
  const auto programs = FindPrograms();
  if (!programs.ok()) return programs.status();
  programs_ = *programs;
  const auto relay = FindProgram("bench/hop/relay");
  if (!relay.ok()) return relay.status();
  relay_ = *relay;
  context_.progress(absl::StrCat("writing ", FormatBytes(options_.size_bytes), " and ",
                                 FormatCount(options_.files), " files into ", scratch_.path()));
  const auto tree = scratch_.MakeDirectory("tree");
  if (!tree.ok()) return tree.status();
  absl::Status written = WriteLargeFile(scratch_.File("tree/large"), options_.size_bytes, context_);
  if (!written.ok()) return written;
  const auto directories = WriteSmallFiles(*tree + "/small", options_.files, kSmallFileBytes,
                                           kFilesPerDirectory, context_);
  if (!directories.ok()) return directories.status();
  directories_ = *directories + 1;
  if (absl::Status prepared = PrepareSsh(); !prepared.ok()) return prepared;
  return StartRoot();
}

absl::Status HopBench::PrepareSsh() {
  if (options_.files == 0) return absl::OkStatus();  // sshfs moves small files only
  absl::StatusOr<LoopbackSsh> ssh = LoopbackSsh::Prepare(scratch_.File("ssh"), context_);
  if (ssh.ok()) {
    ssh_ = std::make_unique<LoopbackSsh>(*std::move(ssh));
  } else if (absl::IsNotFound(ssh.status())) {
    ssh_absent_ = std::string(ssh.status().message());
  } else {
    return ssh.status();
  }
  return absl::OkStatus();
}

absl::Status HopBench::StartRoot() {
  const uint64_t cache_bytes =
      std::max(kCacheBytesMin, kCacheFactor * (options_.size_bytes + small_bytes()));
  auto peers = PeerChain::Start({.peer_server = programs_.peer_server,
                                 .export_root = scratch_.File("tree"),
                                 .nodes_max = kChainMax,
                                 .flags = {absl::StrCat("--cache_bytes=", cache_bytes)}},
                                context_);
  if (!peers.ok()) return peers.status();
  peers_ = *std::move(peers);
  context_.progress("heating the root");
  if (options_.size_bytes > 0) {
    const auto large = ReadFileFromPeer(peers_->address(), "large", kLargeWidth);
    if (absl::Status heated = Expect(large, options_.size_bytes); !heated.ok()) return heated;
  }
  if (options_.files == 0) return absl::OkStatus();
  return Expect(ReadTreeFromPeer(peers_->address(), "small", kSmallWidth), small_bytes());
}

absl::Status HopBench::MeasureLarge(size_t hops) {
  const uint64_t bytes = options_.size_bytes;
  const Workload workload = {.name = LargeCase(hops), .hops = hops, .bytes = bytes};
  const std::vector<Competitor> competitors = {
      {kSource, ThroughPeers(workload,
                             [bytes](const std::string& address) {
                               return Expect(ReadFileFromPeer(address, "large", kLargeWidth),
                                             bytes);
                             })},
      {kMount, ThroughMount(workload,
                            [bytes](const std::string& mount) {
                              return Expect(ReadSequentially(mount + "/large"), bytes);
                            })},
      {kGrpc, ThroughRelays("grpc", hops,
                            [bytes](const std::string& address) {
                              const size_t calls = bytes / kRawAnswerBytesMax;
                              return ReadOverGrpc(address, calls, kRawAnswerBytesMax, kLargeWidth);
                            })},
      {kTcp, ThroughRelays("tcp", hops, [bytes](const std::string& address) {
         return ReadOverTcp(address, bytes);
       })}};
  return AddCase(workload, competitors);
}

absl::Status HopBench::MeasureSmall(size_t hops) {
  const uint64_t bytes = small_bytes();
  const size_t files = options_.files;
  const Workload workload = {.name = SmallCase(hops), .hops = hops, .bytes = bytes, .files = files};
  const absl::Status tar = CheckTar();
  const absl::Status unpacked =
      tar.ok() ? CheckMemoryDirectory(kMemoryDirectory, bytes, files + directories_) : tar;
  std::vector<Competitor> competitors = {
      {kSource, ThroughPeers(workload,
                             [bytes](const std::string& address) {
                               return Expect(ReadTreeFromPeer(address, "small", kSmallWidth),
                                             bytes);
                             })},
      {kMount, ThroughMount(workload,
                            [bytes](const std::string& mount) {
                              return WalkFiles(mount + "/small", bytes);
                            })},
      {kGrpc, ThroughRelays("grpc", hops,
                            [files](const std::string& address) {
                              return ReadOverGrpc(address, files, kSmallFileBytes, kSmallWidth);
                            })},
      {kTar, ThroughTar(hops), /*has_hops=*/true, std::string(tar.message())},
      {kTarRead, ThroughTarWalk(hops), /*has_hops=*/true, std::string(unpacked.message())}};
  if (hops == SingleChain()) {
    competitors.push_back({kFloor, ThroughFloor(), /*has_hops=*/false});
    competitors.push_back({kSshfs, ThroughSshfs(), /*has_hops=*/true, ssh_absent_});
  }
  return AddCase(workload, competitors);
}

absl::Status HopBench::AddCase(const Workload& workload,
                               const std::vector<Competitor>& competitors) {
  auto cpu = Compete(workload, competitors, context_, report_);
  if (!cpu.ok()) return cpu.status();
  cpu_[workload.name] = *std::move(cpu);
  return absl::OkStatus();
}

Measure HopBench::ThroughPeers(const Workload& workload,
                               std::function<absl::Status(const std::string&)> work) {
  return [this, workload,
          work = std::move(work)](CostedRun& run) -> absl::StatusOr<absl::Duration> {
    if (absl::Status renewed = peers_->Renew(workload.hops); !renewed.ok()) return renewed;
    return MeasureChain(
        *peers_, std::nullopt, workload, [&] { return work(peers_->address()); }, run, context_);
  };
}

Measure HopBench::ThroughMount(const Workload& workload,
                               std::function<absl::Status(const std::string&)> work) {
  return
      [this, workload, work = std::move(work)](CostedRun& run) -> absl::StatusOr<absl::Duration> {
        if (absl::Status renewed = peers_->Renew(workload.hops); !renewed.ok()) return renewed;
        const std::string mount_point = scratch_.File("mount");
        const auto mount = MountedProgram::Start(
            {.name = "fuse_client",
             .arguments = {programs_.fuse_client, absl::StrCat("--peer=unix:", peers_->socket())},
             .mount_point = mount_point,
             .log_file = scratch_.File("fuse_client.log")},
            context_);
        if (!mount.ok()) return mount.status();
        return MeasureChain(
            *peers_, ChainMount{mount_point, (*mount)->pid()}, workload,
            [&] { return work(mount_point); }, run, context_);
      };
}

Measure HopBench::ThroughRelays(const std::string& protocol, size_t hops,
                                std::function<absl::Status(const std::string&)> work) {
  return [this, protocol, hops,
          work = std::move(work)](CostedRun& run) -> absl::StatusOr<absl::Duration> {
    const auto relays = RelayChain::Start({.relay = relay_,
                                           .protocol = protocol,
                                           .hops = hops,
                                           .log_file = scratch_.File("relay.log")},
                                          context_);
    if (!relays.ok()) return relays.status();
    return run.Measure(relays->pids(), [&] { return work(relays->address()); });
  };
}

Measure HopBench::ThroughTar(size_t hops) {
  return [this, hops](CostedRun&) { return TimeTarStream(TarOptions(hops), context_); };
}

Measure HopBench::ThroughTarWalk(size_t hops) {
  return [this, hops](CostedRun&) {
    return TimeTarWalk(TarOptions(hops), kMemoryDirectory, small_.bytes, context_);
  };
}

Measure HopBench::ThroughSshfs() {
  return [this](CostedRun&) { return TimeSshfsWalk(small_, scratch_.path(), *ssh_, context_); };
}

Measure HopBench::ThroughFloor() {
  return [this](CostedRun& run) { return TimeFloorWalk(small_, scratch_.path(), run, context_); };
}

void HopBench::AddLargeGoals() {
  const size_t first = options_.chains.front();
  const std::string large = LargeCase(first);
  report_.AddGoalOf(absl::StrCat(large, ": speed / raw gRPC"), {large, kSource}, {large, kGrpc},
                    kSpeedGoal, /*at_most=*/false);
  if (cpu_[large].count(kGrpc) > 0) {
    report_.AddGoal({absl::StrCat(large, ": CPU per GiB / raw gRPC"),
                     MedianRatio(cpu_[large][kSource], cpu_[large][kGrpc]), kCpuGoal});
  }
}

void HopBench::AddSmallGoals() {
  const std::string small = SmallCase(SingleChain());
  report_.AddGoalOf(absl::StrCat(small, ": mount, speed / sshfs"), {small, kMount}, {small, kSshfs},
                    kSshfsGoal, /*at_most=*/false);
  report_.AddGoalOf(absl::StrCat(small, ": mount, time / tar over TCP"), {small, kTar},
                    {small, kMount}, kTarGoal);
  AddTarNote(small);
  AddFloorNote(small);
}

void HopBench::AddNotes() {
  report_.AddNote(
      "Hops are connections: a chain of 2 is reader, peer, root. The root has everything in its "
      "cache, the peers below it are new each time, and so is the mount. CPU is of all processes, "
      "the reader's too.");
  report_.AddNote(absl::StrCat("Under way at a time: ", kLargeWidth, " blocks of 1 MiB, ",
                               kSmallWidth, " small files; a mount's reader has one."));
}

// tar's stream leaves no file behind: what the same ratio is to a copy whose files are read. It has
// no goal.
void HopBench::AddTarNote(const std::string& small) {
  const std::string name = absl::StrCat(small, ": mount, time / ", kTarRead);
  const double mount = RatioOfTimes(small, kMount, kTarRead);
  report_.AddNote(mount == 0 ? absl::StrCat("not measured: ", name)
                             : absl::StrFormat("%s: %.2f (no goal)", name, mount));
}

// What FUSE alone leaves of the goal against tar.
void HopBench::AddFloorNote(const std::string& small) {
  const double floor = RatioOfTimes(small, kFloor, kTar);
  if (floor == 0) return;
  report_.AddNote(absl::StrFormat(
      "The FUSE floor, which answers each READ of the same files from memory, takes %.2f times "
      "tar's time.",
      floor));
}

double HopBench::RatioOfTimes(const std::string& name, const char* who, const char* divisor) const {
  const ReportRow* const row = report_.Find(name, who);
  const ReportRow* const other = report_.Find(name, divisor);
  return row == nullptr || other == nullptr ? 0 : MedianRatio(other->samples, row->samples);
}

}  // namespace

absl::Status MeasureHops(const HopOptions& options, const BenchContext& context, Report& report) {
  absl::StatusOr<ScratchDirectory> scratch = ScratchDirectory::Make();
  if (!scratch.ok()) return scratch.status();
  return HopBench(options, context, report, *std::move(scratch)).Run();
}

}  // namespace coppice
