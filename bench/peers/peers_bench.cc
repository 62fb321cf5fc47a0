#include "bench/peers/peers_bench.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/peers/contender.h"
#include "bench/peers/contest.h"
#include "bench/peers/import_tree.h"
#include "bench/process/kernel_reader.h"
#include "bench/process/sample_files.h"
#include "bench/scratch_directory.h"
#include "deploy/import_run.h"
#include "deploy/import_workload.h"
#include "deploy/table.h"

namespace coppice {
namespace {

constexpr absl::Duration kImportMax = absl::Minutes(2);
constexpr char kLargeFile[] = "/large";

Work Timed(std::function<absl::Status(const std::string&)> work) {
  return [work = std::move(work)](const std::string& root) -> absl::StatusOr<absl::Duration> {
    const absl::Time started = absl::Now();
    if (absl::Status done = work(root); !done.ok()) return done;
    return absl::Now() - started;
  };
}

class PeersBench {
 public:
  PeersBench(const PeersOptions& options, const BenchContext& context, Report& report)
      : options_(options), context_(context), report_(report) {}

  absl::Status Run(const ScratchDirectory& scratch) {
    const ContenderPlaces places = {.tree = scratch.File("tree"), .scratch = scratch.path()};
    context_.progress(absl::StrCat("copying what import ", options_.module, " needs"));
    if (absl::Status made = MakeTree(places.tree); !made.ok()) return made;
    auto contenders = MakeContenders(places, options_.contenders, context_);
    if (!contenders.ok()) return contenders.status();
    Contest contest(*std::move(contenders), context_, report_);
    for (const Case& each : Cases()) {
      if (absl::Status measured = contest.Measure(each); !measured.ok()) return measured;
    }
    report_.AddNote(
        "Cold: mounted anew, the peer started anew, the tree itself in the page cache of the "
        "machine; the local disk is warm throughout. CPU ms is of the programs behind a mount, of "
        "sshfs without ssh and sshd. squashfs images are not compressed.");
    return contest.Outcome();
  }

 private:
  absl::Status MakeTree(const std::string& tree);
  std::vector<Case> Cases() const;

  const PeersOptions options_;
  const BenchContext context_;
  Report& report_;
  // Of the tree, relative to its root.
  std::vector<std::string> files_;
};

absl::Status PeersBench::MakeTree(const std::string& tree) {
  absl::Status made = CopyImportTree(options_.module, tree, context_);
  if (!made.ok()) return made;
  auto files = FilesBelow(tree);
  if (!files.ok()) return files.status();
  files_ = *std::move(files);
  return WriteLargeFile(tree + kLargeFile, options_.size_bytes, context_);
}

std::vector<Case> PeersBench::Cases() const {
  const Work import = [this](const std::string& root) -> absl::StatusOr<absl::Duration> {
    const auto outcomes = RunImports(options_.module, {{.who = root, .prefix = root}},
                                     LibraryDirectories(), context_.Limits(kImportMax));
    if (!outcomes.ok()) return outcomes.status();
    return outcomes->front().wall_time;
  };
  const Work stat = Timed([this](const std::string& root) { return StatAll(root, files_); });
  const Work read =
      Timed([](const std::string& root) { return ReadSequentially(root + kLargeFile).status(); });
  const std::string import_name = absl::StrCat("import ", options_.module);
  const std::string stat_name =
      absl::StrCat("stat of ", FormatCount(files_.size()), " names and as many missing");
  const std::string read_name = absl::StrCat("read ", FormatBytes(options_.size_bytes));
  return {{absl::StrCat(import_name, ", cold"), import},
          {absl::StrCat(import_name, ", warm"), import, /*warm=*/true},
          {absl::StrCat(stat_name, ", cold"), stat},
          {absl::StrCat(stat_name, ", warm"), stat, /*warm=*/true},
          {absl::StrCat(read_name, ", cold"), read}};
}

}  // namespace

absl::Status MeasurePeers(const PeersOptions& options, const BenchContext& context,
                          Report& report) {
  const absl::StatusOr<ScratchDirectory> scratch = ScratchDirectory::Make();
  if (!scratch.ok()) return scratch.status();
  return PeersBench(options, context, report).Run(*scratch);
}

}  // namespace coppice
