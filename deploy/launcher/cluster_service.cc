#include "deploy/launcher/cluster_service.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/own_host_name.h"
#include "common/status.h"
#include "deploy/launcher/cluster_record.h"
#include "deploy/launcher/cluster_stop.h"
#include "deploy/launcher/cluster_trees.h"
#include "deploy/launcher/host_outcomes.h"
#include "deploy/launcher/host_run.h"
#include "deploy/launcher/node_line.h"
#include "deploy/launcher/tree_readiness.h"
#include "deploy/process_identity.h"
#include "deploy/root_readiness.h"
#include "deploy/state_directory.h"
#include "tree_builder/folded_hosts.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

// Each leaves out at least one host; more than a few means that hosts fail as we look.
constexpr int kRoundsMax = 4;
// Of the time of the whole launch, what the nodes may take; they report before we give up.
constexpr double kNodeShare = 0.9;
constexpr absl::Duration kProgressPeriod = absl::Seconds(1);
constexpr int kConnectSecondsMax = 10;

class ClusterLaunch {
 public:
  ClusterLaunch(const LauncherTool& tool, const ClusterOptions& options)
      : tool_(tool),
        options_(options),
        begin_(absl::Now()),
        members_(options.members),
        limits_({.deadline = begin_ + options.timeout,
                 .interrupt_descriptor = options.interrupt_descriptor}) {}

  absl::StatusOr<ClusterStarted> Start() {
    if (absl::Status status = TakeState(); !status.ok()) return status;
    for (int round = 0; round < kRoundsMax; ++round) {
      if (members_.size() < options_.nodes_min) break;
      const absl::Status ran = RunRound();
      if (!ran.ok()) return EndAll(ran);
      if (round_failed_.empty() || waiting_.empty()) break;
      if (members_.size() < options_.nodes_min || absl::Now() >= limits_.deadline) break;
      options_.progress(absl::StrCat("starting again without ", FailedHosts()));
      if (absl::Status again = Restart(); !again.ok()) return again;
    }
    for (const std::string& host : waiting_) failed_[host] = "waits for a host that failed";
    failed_.insert(unready_.begin(), unready_.end());
    if (ready_.size() < std::max<size_t>(options_.nodes_min, 1)) {
      return EndAll(absl::UnavailableError(
          absl::StrCat(ready_.size(), " of ", options_.members.size(), " hosts were ready:\n  ",
                       absl::StrJoin(FoldReasons(failed_), "\n  "))));
    }
    return Finish();
  }

 private:
  absl::Status TakeState() {
    auto state = StateDirectory::Create(options_.state_root, options_.service);
    if (!state.ok()) return state.status();
    state_ = *std::move(state);
    if (state_->ReadFile(kClusterRecordFile).ok()) {
      return absl::AlreadyExistsError(absl::StrCat(
          "the service '", options_.service, "' was launched already, or a launch of it was cut ",
          "short; end it with 'bazel run //deploy:stop -- --name=", options_.service,
          "', or choose another --name"));
    }
    return absl::OkStatus();
  }

  // The directory and the lock anew, after an end.
  absl::Status Restart() {
    const absl::Status ended = EndRound();
    if (!ended.ok()) return RememberStrays(ended);
    strays_.clear();
    state_.reset();
    return TakeState();
  }

  // Of an end that did not reach all who were started: it goes on without those, and leaves them to
  // the stop of the service.
  absl::Status RememberStrays(const absl::Status& ended) {
    if (!absl::IsUnavailable(ended)) return ended;
    const auto text = state_->ReadFile(kClusterRecordFile);
    if (!text.ok()) return text.status();
    auto left = ParseClusterRecord(*text);
    if (!left.ok()) return left.status();
    strays_ = std::move(left->hosts);
    for (const std::string& host : strays_) round_failed_[host] = "it cannot be reached any more";
    DropFailed();
    return absl::OkStatus();
  }

  std::string FailedHosts() const {
    FoldedHosts folded;
    for (const auto& [host, reason] : failed_) folded.Add(host);
    return folded.ShortText();
  }

  absl::Status WriteTree() {
    tree_name_ = absl::StrCat(kClusterTreeFile, "-", absl::ToUnixMicros(absl::Now()));
    auto tree = MakeClusterTrees(members_, {.fanout = options_.fanout,
                                            .trees_max = options_.trees,
                                            .members = options_.members,
                                            .switches = options_.switches});
    if (!tree.ok()) return tree.status();
    if (absl::Status written = state_->WriteFile(tree_name_, tree->Text()); !written.ok()) {
      return written;
    }
    tree_.emplace(*std::move(tree));
    return state_->WriteFile(kClusterHostFile,
                             absl::StrCat(absl::StrJoin(MemberNames(), "\n"), "\n"));
  }

  absl::Status WriteRecord() {
    record_ = {.launcher = std::string(tool_.name()),
               .slurm_job = options_.slurm_job,
               .job = options_.job,
               .node_program = options_.node_program};
    record_.hosts = MemberNames();
    record_.hosts.insert(record_.hosts.end(), strays_.begin(), strays_.end());
    NodeJob job = options_.node_job;
    job.service = options_.service;
    job.tree_file = state_->File(tree_name_);
    job.timeout = std::max((limits_.deadline - absl::Now()) * kNodeShare, absl::Seconds(1));
    job.stay = tool_.must_stay();
    record_.node_job = NodeJobText(job);
    record_.tool_host = OwnHostName();
    return SaveRecord();
  }

  absl::Status SaveRecord() {
    return state_->WriteFile(kClusterRecordFile, ClusterRecordText(record_));
  }

  // Starts on all members and waits for what they say; then members_ has those that are not known
  // to be bad.
  absl::Status RunRound() {
    if (absl::Status status = WriteTree(); !status.ok()) return status;
    if (absl::Status status = WriteRecord(); !status.ok()) return status;
    options_.progress(absl::StrCat("starting on ", members_.size(), " hosts with ", tool_.name()));
    auto run = HostRun::Create(tool_,
                               {.arguments = {options_.node_program, "start", record_.node_job},
                                .hosts = MemberNames(),
                                .host_file = state_->File(kClusterHostFile),
                                .connect_seconds_max = kConnectSecondsMax},
                               state_->File("start-"));
    if (!run.ok()) return run.status();
    run_ = *std::move(run);
    const absl::Status ran =
        run_->Run([this](const HostOutcomes& outcomes) { return OnChange(outcomes); }, limits_);
    if (!ran.ok() && ran.code() != absl::StatusCode::kDeadlineExceeded) return ran;
    Judge(run_->outcomes(), ran);
    // Those who wait for a host that failed do so whatever the time.
    const bool some = std::find(started_.begin(), started_.end(), true) != started_.end();
    return some && waiting_.empty() ? AwaitReady() : absl::OkStatus();
  }

  // Of those that were started, by what comes to the root.
  absl::Status AwaitReady() {
    const auto root = RootReadiness::At(tree_->members()[tree_->trees().Root(0)].addresses.front());
    const auto found = AwaitTreeReadiness(*tree_, *root,
                                          {.tree_file = state_->File(tree_name_),
                                           .started = started_,
                                           .warm = !options_.node_job.recording.empty(),
                                           .progress = options_.progress},
                                          limits_);
    if (!found.ok()) return found.status();
    std::vector<bool> gone(started_.size());
    for (uint32_t member = 0; member < gone.size(); ++member) {
      const auto parent = tree_->trees().Parent(0, member);
      gone[member] = started_[member] && (*found)[member].lost &&
                     !(parent.has_value() && (*found)[*parent].lost);
    }
    for (uint32_t member = 0; member < started_.size(); ++member) {
      if (!started_[member]) continue;
      const std::string& name = tree_->members()[member].name;
      const MemberReadiness& readiness = (*found)[member];
      if (readiness.ready) {
        ready_.push_back(name);
      } else if (gone[member]) {
        round_failed_[name] = readiness.reason;
      } else if (readiness.lost || WaitsInVain(gone, member)) {
        waiting_.insert(name);
      } else {
        unready_[name] = readiness.reason;
      }
    }
    DropFailed();
    return absl::OkStatus();
  }

  // False when more would change nothing: all who can still come wait for a host that has failed.
  bool OnChange(const HostOutcomes& outcomes) {
    const absl::Time now = absl::Now();
    if (now - told_ >= kProgressPeriod || outcomes.all_settled()) {
      told_ = now;
      options_.progress(absl::StrCat(outcomes.count(NodeState::kStarted), "/",
                                     outcomes.hosts().size(), " started"));
    }
    const std::vector<bool> failed = Failed(outcomes);
    size_t silent = 0;
    for (uint32_t member = 0; member < outcomes.hosts().size(); ++member) {
      if (outcomes[member].settled) continue;
      ++silent;
      if (!WaitsInVain(failed, member)) return true;
    }
    return silent == 0;
  }

  // Those that said so themselves, or of whom the tool said it. Of others it is only known that
  // they are silent, or were lost with the whole tool.
  static std::vector<bool> Failed(const HostOutcomes& outcomes) {
    std::vector<bool> failed(outcomes.hosts().size());
    for (size_t i = 0; i < failed.size(); ++i) {
      failed[i] =
          outcomes[i].settled && outcomes[i].told && outcomes[i].state != NodeState::kStarted;
    }
    return failed;
  }

  // Whether it is below one of these, in one of the trees.
  bool WaitsInVain(const std::vector<bool>& failed, uint32_t member) const {
    const Trees& trees = tree_->trees();
    for (uint32_t tree = 0; tree < trees.tree_count(); ++tree) {
      for (const uint32_t ancestor : trees.Ancestors(tree, member)) {
        if (failed[ancestor]) return true;
      }
    }
    return false;
  }

  // Parts them into started ones, failed ones, and others that may try again: below a failed one,
  // or lost with the whole tool because of it.
  void Judge(const HostOutcomes& outcomes, const absl::Status& ran) {
    const std::vector<bool> failed = Failed(outcomes);
    const bool somebody_failed = std::find(failed.begin(), failed.end(), true) != failed.end();
    started_.assign(failed.size(), false);
    ready_.clear();
    unready_.clear();
    round_failed_.clear();
    waiting_.clear();
    for (uint32_t member = 0; member < failed.size(); ++member) {
      const std::string& name = outcomes.hosts()[member];
      const HostOutcome& outcome = outcomes[member];
      started_[member] = outcome.settled && outcome.state == NodeState::kStarted;
      const bool lost_with_tool = somebody_failed && outcome.settled && !outcome.told;
      if (!failed[member] && (lost_with_tool || WaitsInVain(failed, member))) {
        waiting_.insert(name);
      } else if (!started_[member]) {
        round_failed_[name] =
            outcome.reason.empty() ? ReasonOfSilence(outcomes, ran) : outcome.reason;
      }
    }
    DropFailed();
  }

  void DropFailed() {
    failed_.insert(round_failed_.begin(), round_failed_.end());
    members_.erase(std::remove_if(members_.begin(), members_.end(),
                                  [this](const Member& member) {
                                    return round_failed_.contains(member.name);
                                  }),
                   members_.end());
  }

  static std::string ReasonOfSilence(const HostOutcomes& outcomes, const absl::Status& ran) {
    std::string reason(ran.message());
    if (!outcomes.stray_lines().empty()) {
      absl::StrAppend(&reason, "; the launcher said: ", outcomes.stray_lines().back());
    }
    return reason;
  }

  std::vector<std::string> MemberNames() const {
    std::vector<std::string> names;
    for (const Member& member : members_) names.push_back(member.name);
    return names;
  }

  // Those on which something may run.
  std::vector<std::string> HostsInUse() const {
    std::vector<std::string> hosts = strays_;
    if (run_ == nullptr) return hosts;
    for (size_t i = 0; i < run_->outcomes().hosts().size(); ++i) {
      if (!run_->outcomes()[i].nothing_there) hosts.push_back(run_->outcomes().hosts()[i]);
    }
    return hosts;
  }

  // Of this round, those that never said that something was started.
  std::set<std::string> HostsInDoubt() const {
    std::set<std::string> hosts;
    if (run_ == nullptr) return hosts;
    for (const size_t i : run_->outcomes().NotIn(NodeState::kStarted)) {
      hosts.insert(run_->outcomes().hosts()[i]);
    }
    return hosts;
  }

  // What a stop does. UNAVAILABLE when it did not reach all who were started: the others stay
  // written down.
  absl::Status EndRound() {
    record_.hosts = HostsInUse();
    const std::set<std::string> in_doubt = HostsInDoubt();
    // Also when what is to be written down cannot be.
    if (record_.hosts.empty()) {
      run_.reset();
      return state_->Remove();
    }
    if (absl::Status saved = SaveRecord(); !saved.ok()) return saved;
    // Tools that only wait for hosts which wait in vain, or connect, first: nothing must start
    // behind the stop. One that stays would take the nodes' chance to clean up.
    if (!tool_.must_stay()) run_.reset();
    const ClusterStopOptions stop = {
        .by_tree = false, .in_doubt = in_doubt, .progress = options_.progress};
    const absl::Status ended = StopCluster(*state_, stop);
    run_.reset();
    return ended;
  }

  absl::Status EndAll(const absl::Status& why) {
    options_.progress("ending what was started");
    if (const absl::Status ended = EndRound(); !ended.ok()) {
      options_.progress(absl::StrCat("something may still run, and 'bazel run //deploy:stop -- ",
                                     "--name=", options_.service,
                                     "' tries again to end it: ", ended.message()));
    }
    return why;
  }

  absl::StatusOr<ClusterStarted> Finish() {
    for (const pid_t pid : run_->processes()) {
      if (const auto identity = IdentifyProcess(pid); identity.ok()) {
        if (tool_.must_stay()) record_.tools.push_back(*identity);
      }
    }
    record_.hosts = HostsInUse();
    if (absl::Status saved = SaveRecord(); !saved.ok()) return EndAll(saved);
    if (tool_.must_stay()) run_->Detach();
    return ClusterStarted{
        .ready = ready_.size(), .time = absl::Now() - begin_, .failed = std::move(failed_)};
  }

  const LauncherTool& tool_;
  const ClusterOptions& options_;
  const absl::Time begin_;
  // Those that are not known to be bad.
  std::vector<Member> members_;
  const WaitLimits limits_;
  std::optional<StateDirectory> state_;
  // Another one for each tree: a node that an earlier round, or launch, is still starting, though
  // it was ended, must not find this one.
  std::string tree_name_;
  std::optional<TreeFile> tree_;
  ClusterRecord record_;
  std::unique_ptr<HostRun> run_;
  absl::Time told_ = absl::Now();
  std::map<std::string, std::string> failed_;
  // Were started in an earlier round, which could not be ended there.
  std::vector<std::string> strays_;
  // Of the last round: by member, who said that it was started; the names of those that are ready;
  // of those that are not, though they serve; of those to leave out; and of those that may do
  // better without them.
  std::vector<bool> started_;
  std::vector<std::string> ready_;
  std::map<std::string, std::string> unready_;
  std::map<std::string, std::string> round_failed_;
  std::set<std::string> waiting_;
};

}  // namespace

std::string DefaultClusterRoot() {
  const char* home = getenv("HOME");
  if (home != nullptr && home[0] == '/') return absl::StrCat(home, "/.coppice");
  const passwd* user = getpwuid(geteuid());
  return absl::StrCat(user == nullptr ? "" : user->pw_dir, "/.coppice");
}

absl::StatusOr<ClusterStarted> StartCluster(const LauncherTool& tool,
                                            const ClusterOptions& options) {
  return ClusterLaunch(tool, options).Start();
}

}  // namespace coppice
