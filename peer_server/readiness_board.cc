#include "peer_server/readiness_board.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

constexpr size_t kProblemBytesMax = 1024;

}  // namespace

ReadinessBoard::ReadinessBoard(const Roster& roster, uint32_t self, uint64_t process_id,
                               const Clock& clock)
    : roster_(roster),
      self_(self),
      process_id_(process_id),
      clock_(clock),
      subtree_(roster.Subtree(self)),
      total_(subtree_.Count()) {
  for (const uint32_t child : roster.Children(self)) {
    children_[child].subtree = roster.Subtree(child);
  }
}

void ReadinessBoard::Change(absl::FunctionRef<bool()> change) {
  {
    MutexLock lock(mutex_);
    if (!change()) return;
    ++revision_;
  }
  on_change_();
}

void ReadinessBoard::SetConnected(bool connected) {
  Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::exchange(connected_, connected) != connected;
  });
}

void ReadinessBoard::SetMounted(bool mounted) {
  Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!mounted) {
      probed_ = false;
      // What is wrong stays to be seen, as what the probe said does.
      warming_.bytes = 0;
      warming_.done = false;
    }
    return std::exchange(mounted_, mounted) != mounted;
  });
}

void ReadinessBoard::SetProbed(const std::string& problem) {
  Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool probed = problem.empty();
    if (probed == probed_ && problem == problem_) return false;
    probed_ = probed;
    problem_ = problem.substr(0, kProblemBytesMax);
    return true;
  });
}

void ReadinessBoard::SetWarming(uint64_t bytes, bool done, const std::string& problem) {
  Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Warming warming = {.bytes = bytes,
                       .done = done && problem.empty(),
                       .problem = problem.substr(0, kProblemBytesMax)};
    if (warming == warming_) return false;
    warming_ = std::move(warming);
    return true;
  });
}

absl::StatusOr<ReadinessBoard::Sets> ReadinessBoard::DecodeSets(const v1::SubtreeReport& report,
                                                                const MemberSet& within) const {
  Sets sets;
  const std::pair<const v1::MemberSet*, MemberSet*> parts[] = {
      {&report.connected(), &sets.connected},
      {&report.mounted(), &sets.mounted},
      {&report.proven(), &sets.proven},
      {&report.warm(), &sets.warm},
      {&report.lost(), &sets.lost}};
  for (const auto& [message, set] : parts) {
    auto decoded = MemberSet::Decode(*message, roster_.size());
    if (!decoded.ok()) return decoded.status();
    MemberSet beyond = *decoded;
    beyond.Subtract(within);
    if (!beyond.IsEmpty()) {
      return absl::InvalidArgumentError(absl::StrCat("member ", beyond.Members().front(),
                                                     " is not below member ", report.member(),
                                                     ": its tree file is another one"));
    }
    *set = *std::move(decoded);
  }
  return sets;
}

absl::StatusOr<bool> ReadinessBoard::Take(const v1::SubtreeReport& report) {
  absl::Status refused;
  bool report_all = false;
  Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto found = children_.find(report.member());
    if (found == children_.end()) {
      refused = absl::InvalidArgumentError(
          absl::StrCat("member ", report.member(), " is no child of ", roster_.NameOf(self_),
                       " in tree 0: its tree file is another one"));
      return false;
    }
    Child& child = found->second;
    const bool known = child.process_id == report.process_id();
    if (report.unchanged()) {
      report_all = !known || child.revision != report.revision();
      if (report_all) return false;
      child.reported_at = clock_.Now();
      return std::exchange(child.silent, false);
    }
    if (known && report.revision() < child.revision) return false;  // overtaken by a newer one
    auto sets = DecodeSets(report, child.subtree);
    if (!sets.ok()) {
      refused = sets.status();
      return false;
    }
    child.process_id = report.process_id();
    child.revision = report.revision();
    child.reported_at = clock_.Now();
    child.silent = false;
    child.sets = *std::move(sets);
    child.warmed_bytes = report.warmed_bytes();
    child.problems.assign(report.problems().begin(), report.problems().end());
    if (child.problems.size() > kProblemsMax) child.problems.resize(kProblemsMax);
    child.problems_dropped = report.problems_dropped();
    return true;
  });
  if (!refused.ok()) return refused;
  return report_all;
}

void ReadinessBoard::FindSilentChildren() {
  Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    bool changed = false;
    for (auto& [member, child] : children_) {
      if (child.revision == 0 || child.silent) continue;
      if (clock_.Now() - child.reported_at < kSilenceMax) continue;
      child.silent = true;
      changed = true;
    }
    return changed;
  });
}

uint64_t ReadinessBoard::revision() const {
  MutexLock lock(mutex_);
  return revision_;
}

ReadinessBoard::Sets ReadinessBoard::AllSets() const {
  Sets all;
  if (connected_) all.connected.Insert(self_);
  if (connected_ && mounted_) all.mounted.Insert(self_);
  if (connected_ && mounted_ && probed_) all.proven.Insert(self_);
  if (connected_ && mounted_ && probed_ && warming_.done) all.warm.Insert(self_);
  for (const auto& [member, child] : children_) {
    if (child.silent) {
      all.lost.UnionWith(child.subtree);
      continue;
    }
    all.connected.UnionWith(child.sets.connected);
    all.mounted.UnionWith(child.sets.mounted);
    all.proven.UnionWith(child.sets.proven);
    all.warm.UnionWith(child.sets.warm);
    all.lost.UnionWith(child.sets.lost);
  }
  return all;
}

uint64_t ReadinessBoard::AllWarmedBytes() const {
  uint64_t bytes = warming_.bytes;
  for (const auto& [member, child] : children_) {
    if (!child.silent) bytes += child.warmed_bytes;
  }
  return bytes;
}

v1::MemberProblem ReadinessBoard::ProblemOf(uint32_t member, const std::string& text) const {
  v1::MemberProblem problem;
  problem.set_member(member);
  problem.set_node(roster_.NameOf(member));
  problem.set_text(text);
  return problem;
}

ReadinessBoard::Problems ReadinessBoard::AllProblems() const {
  Problems all;
  const auto add = [&all](v1::MemberProblem problem) {
    if (all.shown.size() < kProblemsMax) {
      all.shown.push_back(std::move(problem));
    } else {
      ++all.dropped;
    }
  };
  if (!problem_.empty()) add(ProblemOf(self_, problem_));
  if (!warming_.problem.empty()) add(ProblemOf(self_, warming_.problem));
  for (const auto& [member, child] : children_) {
    if (child.silent) {
      add(ProblemOf(member, absl::StrCat("no report for ", absl::FormatDuration(kSilenceMax), "; ",
                                         child.subtree.Count() - 1, " members are below it")));
      continue;
    }
    for (const v1::MemberProblem& problem : child.problems) add(problem);
    all.dropped += child.problems_dropped;
  }
  return all;
}

v1::SubtreeReport ReadinessBoard::Report(uint64_t taken_revision) const {
  v1::SubtreeReport report;
  MutexLock lock(mutex_);
  report.set_member(self_);
  report.set_process_id(process_id_);
  report.set_revision(revision_);
  report.set_unchanged(taken_revision == revision_);
  if (report.unchanged()) return report;
  const Sets all = AllSets();
  *report.mutable_connected() = all.connected.Encode();
  *report.mutable_mounted() = all.mounted.Encode();
  *report.mutable_proven() = all.proven.Encode();
  *report.mutable_warm() = all.warm.Encode();
  *report.mutable_lost() = all.lost.Encode();
  Problems problems = AllProblems();
  report.mutable_problems()->Assign(problems.shown.begin(), problems.shown.end());
  report.set_problems_dropped(problems.dropped);
  report.set_warmed_bytes(AllWarmedBytes());
  return report;
}

v1::GetReadinessReply ReadinessBoard::Snapshot() const {
  v1::GetReadinessReply reply;
  Sets all;
  Problems problems;
  {
    MutexLock lock(mutex_);
    reply.set_revision(revision_);
    all = AllSets();
    problems = AllProblems();
    reply.set_warmed_bytes(AllWarmedBytes());
  }
  const auto names_not_in = [this](const MemberSet& set) {
    MemberSet rest = subtree_;
    rest.Subtract(set);
    return roster_.FoldedNames(rest);
  };
  reply.set_node(roster_.NameOf(self_));
  reply.set_total(static_cast<uint32_t>(total_));
  reply.set_connected(static_cast<uint32_t>(all.connected.Count()));
  reply.set_mounted(static_cast<uint32_t>(all.mounted.Count()));
  reply.set_proven(static_cast<uint32_t>(all.proven.Count()));
  reply.set_warm(static_cast<uint32_t>(all.warm.Count()));
  reply.set_lost(static_cast<uint32_t>(all.lost.Count()));
  reply.set_not_connected(names_not_in(all.connected));
  reply.set_not_mounted(names_not_in(all.mounted));
  reply.set_not_proven(names_not_in(all.proven));
  reply.set_not_warm(names_not_in(all.warm));
  reply.set_lost_members(roster_.FoldedNames(all.lost));
  reply.mutable_problems()->Assign(problems.shown.begin(), problems.shown.end());
  reply.set_problems_dropped(problems.dropped);
  *reply.mutable_connected_set() = all.connected.Encode();
  *reply.mutable_mounted_set() = all.mounted.Encode();
  *reply.mutable_proven_set() = all.proven.Encode();
  *reply.mutable_warm_set() = all.warm.Encode();
  *reply.mutable_lost_set() = all.lost.Encode();
  return reply;
}

ReadinessBoard::Progress ReadinessBoard::ProgressTo(v1::ReadinessState state,
                                                    uint32_t members) const {
  MutexLock lock(mutex_);
  const Sets all = AllSets();
  const Problems problems = AllProblems();
  const MemberSet& there = state == v1::READINESS_STATE_CONNECTED ? all.connected
                           : state == v1::READINESS_STATE_MOUNTED ? all.mounted
                           : state == v1::READINESS_STATE_WARM    ? all.warm
                                                                  : all.proven;
  // Those of whom no more is to be expected.
  MemberSet ended = there;
  ended.UnionWith(all.lost);
  for (const v1::MemberProblem& problem : problems.shown) ended.Insert(problem.member());
  return {.reached = there.Count() >= std::min<size_t>(members, total_),
          .ended = ended.Count() + problems.dropped >= total_,
          .revision = revision_};
}

}  // namespace coppice
