#include "deploy/demo_session.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/import_run.h"
#include "deploy/import_workload.h"
#include "deploy/inspection_client.h"
#include "deploy/local_service.h"
#include "deploy/program_files.h"
#include "deploy/state_directory.h"

namespace coppice {
namespace {

// Of the local baseline, alone and together; the median counts, after one run that is thrown away.
// Other work on the machine makes a single run off by a factor of two and more.
constexpr int kLocalRuns = 5;
constexpr int kLocalTogetherRuns = 3;
constexpr absl::Duration kStatisticsMax = absl::Seconds(20);

absl::Duration Median(std::vector<absl::Duration> durations) {
  std::sort(durations.begin(), durations.end());
  return durations[durations.size() / 2];
}

uint64_t CounterOf(const Counters& counters, const std::string& name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

uint64_t LayerCounter(const PeerStatistics& peer, const std::string& layer,
                      const std::string& name) {
  const auto found = peer.layers.find(layer);
  return found == peer.layers.end() ? 0 : CounterOf(found->second, name);
}

// FUSE requests but IOCTL: Python asks each file whether it is a terminal, which no answer
// prevents.
uint64_t RequestsWithoutIoctl(const Counters& mount) {
  uint64_t sum = 0;
  for (const auto& [name, count] : mount) {
    // Requests are named in capitals; other counters, like read_bytes, are not.
    const bool request = std::all_of(name.begin(), name.end(), [](unsigned char character) {
      return std::isupper(character) || character == '_';
    });
    if (request && name != "IOCTL") sum += count;
  }
  return sum;
}

class Demo {
 public:
  Demo(const DemoOptions& options, DemoReport& report)
      : options_(options),
        report_(report),
        limits_({.deadline = absl::Now() + options.timeout,
                 .interrupt_descriptor = options.interrupt_descriptor}),
        libraries_(LibraryDirectories()),
        service_name_(absl::StrCat("demo-", getpid())) {
    report_.module = options.module;
    report_.own_namespaces = geteuid() == 0;
  }

  absl::Status Run() {
    options_.progress("checking this machine");
    if (absl::Status status = CheckMachine(); !status.ok()) return status;
    if (absl::Status status = MeasureLocal(); !status.ok()) return status;
    if (absl::Status status = MeasureOneNode(); !status.ok()) return status;
    if (absl::Status status = MeasureNodes(); !status.ok()) return status;
    return CheckReport(report_);
  }

 private:
  absl::Status CheckMachine() {
    if (absl::Status status = CheckModuleName(options_.module); !status.ok()) return status;
    if (access(kPython, X_OK) != 0) {
      return absl::NotFoundError(
          absl::StrCat(kPython, " is missing; install the Debian package python3 (./setup.sh)"));
    }
    if (access("/usr/bin/fusermount3", X_OK) != 0) {
      return absl::NotFoundError(
          "fusermount3 is missing; install the Debian package fuse3 (./setup.sh)");
    }
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) {
      return ErrnoStatus(errno,
                         "/dev/fuse cannot be opened, so nothing can be mounted (in a container, "
                         "pass the device in; else load the module fuse)");
    }
    auto programs = FindPrograms();
    if (!programs.ok()) return programs.status();
    programs_ = *std::move(programs);
    // The run that is thrown away: it also fills the page cache.
    const auto imported = RunLocal(1);
    if (imported.ok() || absl::IsCancelled(imported.status())) return imported.status();
    return Annotate(imported.status(),
                    absl::StrCat("Python cannot import ", options_.module,
                                 " from the local disk (is the Debian package python3-",
                                 options_.module, " installed?)"));
  }

  absl::StatusOr<std::vector<ImportOutcome>> RunLocal(size_t count) {
    const std::vector<ImportPlace> places(count, {.who = "local disk"});
    return RunImports(options_.module, places, libraries_, limits_);
  }

  absl::Status MeasureLocal() {
    options_.progress(absl::StrCat("importing ", options_.module, " from the local disk, ",
                                   kLocalRuns, " times"));
    std::vector<absl::Duration> alone;
    for (int i = 0; i < kLocalRuns; ++i) {
      const auto outcomes = RunLocal(1);
      if (!outcomes.ok()) return outcomes.status();
      alone.push_back(outcomes->front().wall_time);
    }
    report_.local = Median(alone);
    options_.progress(absl::StrCat("the same by ", options_.nodes, " processes at once"));
    std::vector<absl::Duration> together;
    for (int i = 0; i < kLocalTogetherRuns; ++i) {
      const auto outcomes = RunLocal(options_.nodes);
      if (!outcomes.ok()) return outcomes.status();
      for (const ImportOutcome& outcome : *outcomes) together.push_back(outcome.wall_time);
    }
    report_.local_together = Median(together);
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<LocalService>> StartService(size_t nodes) {
    const std::string root = StateDirectory::DefaultRoot();
    return LocalService::Start({.state_root = root,
                                .service = service_name_,
                                .node_count = nodes,
                                .mount_directory = absl::StrCat(root, "/", service_name_, "/mnt"),
                                .fanout = options_.fanout,
                                .programs = programs_,
                                .peer_flags = {"--export_root=/"},
                                .own_namespaces = report_.own_namespaces,
                                .end_with_launcher = true,
                                .timeout = limits_.deadline - absl::Now(),
                                .interrupt_descriptor = limits_.interrupt_descriptor,
                                .progress = options_.progress});
  }

  absl::Status StopService(LocalService& service, bool last) {
    const bool keep = last && options_.keep_logs;
    if (keep) options_.progress(absl::StrCat("the logs are kept in ", service.state_path()));
    return service.Stop(keep);
  }

  absl::StatusOr<std::vector<ImportOutcome>> RunOnNodes(const LocalService& service) {
    std::vector<ImportPlace> places;
    for (size_t i = 0; i < service.nodes().size(); ++i) {
      const NodeRecord& node = service.nodes()[i];
      places.push_back(
          {.who = node.name,
           .prefix = node.mount_point,
           .namespaces = service.NamespacesOf(i),
           // A failed import's cause is often in the client's own lines.
           .log_file = absl::StrCat(service.state_path(), "/", node.name, "/client.log")});
    }
    return RunImports(options_.module, places, libraries_, limits_);
  }

  absl::StatusOr<std::vector<PeerStatistics>> AskAll(const LocalService& service) {
    std::vector<PeerStatistics> all;
    for (const NodeRecord& node : service.nodes()) {
      auto statistics =
          AskPeerStatistics(node.socket, std::min(limits_.deadline, absl::Now() + kStatisticsMax));
      if (!statistics.ok()) return Annotate(statistics.status(), node.name);
      if (statistics->mounts.size() != 1) {
        return absl::FailedPreconditionError(
            absl::StrCat(node.name, ": its peer has the counters of ", statistics->mounts.size(),
                         " mounts instead of one"));
      }
      all.push_back(*std::move(statistics));
    }
    return all;
  }

  static BackingFigures SumBacking(const std::vector<PeerStatistics>& all) {
    BackingFigures sum;
    for (const PeerStatistics& peer : all) {
      sum.opens += LayerCounter(peer, "backing", "opens");
      sum.bytes += LayerCounter(peer, "backing", "bytes");
      sum.lstats += LayerCounter(peer, "backing", "lstats");
      sum.readdirs += LayerCounter(peer, "backing", "readdirs");
      // Other nodes read ahead as well, but from their parents.
      if (LayerCounter(peer, "backing", "bytes") == 0) continue;
      sum.unasked_bytes += LayerCounter(peer, "block_cache", "unread_bytes");
    }
    return sum;
  }

  // The set that one process needs: what reaches the backing file system for a single node.
  absl::Status MeasureOneNode() {
    options_.progress("one node alone, for the set that one process needs");
    auto service = StartService(1);
    if (!service.ok()) return service.status();
    const auto outcomes = RunOnNodes(**service);
    if (!outcomes.ok()) return outcomes.status();
    const auto statistics = AskAll(**service);
    if (!statistics.ok()) return statistics.status();
    report_.unique = SumBacking(*statistics);
    return StopService(**service, /*last=*/false);
  }

  absl::Status MeasureNodes() {
    options_.progress(absl::StrCat(
        options_.nodes, " nodes, ",
        report_.own_namespaces
            ? "each with its own network, mounts, hostname and processes"
            : "as plain processes (as root each gets its own network, mounts and hostname)"));
    auto service = StartService(options_.nodes);
    if (!service.ok()) return service.status();
    const auto before = AskAll(**service);
    if (!before.ok()) return before.status();
    options_.progress("cold: importing on all nodes at the same moment");
    const auto cold = RunOnNodes(**service);
    if (!cold.ok()) return cold.status();
    const auto between = AskAll(**service);
    if (!between.ok()) return between.status();
    options_.progress("warm: the same again");
    const auto warm = RunOnNodes(**service);
    if (!warm.ok()) return warm.status();
    const auto after = AskAll(**service);
    if (!after.ok()) return after.status();

    report_.backing = SumBacking(*after);
    for (size_t i = 0; i < options_.nodes; ++i) {
      const Counters& mount_before = (*before)[i].mounts.front().counters;
      const Counters& mount_between = (*between)[i].mounts.front().counters;
      const Counters& mount_after = (*after)[i].mounts.front().counters;
      report_.nodes.push_back(
          {.name = (*service)->nodes()[i].name,
           .cold = (*cold)[i].wall_time,
           .warm = (*warm)[i].wall_time,
           .mapped_files = (*cold)[i].proof.mapped_files,
           .reads_cold = CounterOf(mount_between, "READ") - CounterOf(mount_before, "READ"),
           .bytes_cold =
               CounterOf(mount_between, "read_bytes") - CounterOf(mount_before, "read_bytes"),
           .requests_warm =
               RequestsWithoutIoctl(mount_after) - RequestsWithoutIoctl(mount_between)});
    }
    options_.progress("stopping");
    return StopService(**service, /*last=*/true);
  }

  const DemoOptions& options_;
  DemoReport& report_;
  const WaitLimits limits_;
  const std::vector<std::string> libraries_;
  const std::string service_name_;
  ProgramFiles programs_;
};

}  // namespace

absl::Status RunDemo(const DemoOptions& options, DemoReport& report) {
  return Demo(options, report).Run();
}

}  // namespace coppice
