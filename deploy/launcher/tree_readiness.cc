#include "deploy/launcher/tree_readiness.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "deploy/table.h"
#include "proto/inspection.pb.h"

namespace coppice {
namespace {

bool Contains(const v1::MemberSet& set, uint32_t member) {
  const uint32_t byte = member / 8;
  if (byte < set.first_byte() || byte - set.first_byte() >= set.bits().size()) return false;
  return (static_cast<uint8_t>(set.bits()[byte - set.first_byte()]) >> (member % 8) & 1) != 0;
}

class Waiting {
 public:
  Waiting(const TreeFile& tree, RootReadiness& root, const TreeReadinessOptions& options,
          const WaitLimits& limits)
      : tree_(tree), root_(root), options_(options), limits_(limits) {}

  absl::StatusOr<std::vector<MemberReadiness>> Run() {
    absl::Time over_since = absl::InfiniteFuture();
    while (true) {
      auto reply = Ask();
      if (!reply.ok() && reached_ && !absl::IsCancelled(reply.status())) {
        return WithoutRoot(reply.status());
      }
      if (!reply.ok()) return reply.status();
      reached_ = true;
      reply_ = *std::move(reply);
      Tell();
      const absl::Time now = absl::Now();
      if (reply_.reached() || now >= limits_.deadline) return Result();
      const auto left = Unsettled();
      over_since = left.unheard > 0 ? absl::InfiniteFuture() : std::min(over_since, now);
      if (left.unheard == 0 && (left.lost == 0 || now - over_since >= options_.lost_grace)) {
        return Result();
      }
      // The root answers at once when it waits for nobody itself.
      const auto paused = WaitReadable({}, {.deadline = std::min(limits_.deadline, next_ask_at_),
                                            .interrupt_descriptor = limits_.interrupt_descriptor});
      if (absl::IsCancelled(paused.status())) return paused.status();
    }
  }

 private:
  struct Left {
    size_t unheard = 0;
    size_t lost = 0;
  };

  absl::StatusOr<v1::GetReadinessReply> Ask() {
    v1::GetReadinessRequest request;
    request.set_wait_until_members(
        static_cast<uint32_t>(std::count(options_.started.begin(), options_.started.end(), true)));
    request.set_wait_for(options_.warm ? v1::READINESS_STATE_WARM : v1::READINESS_STATE_PROVEN);
    const absl::Time now = absl::Now();
    const absl::Duration wait =
        std::clamp(limits_.deadline - now, absl::Milliseconds(1), options_.interval);
    request.set_wait_max_ns(static_cast<uint64_t>(absl::ToInt64Nanoseconds(wait)));
    request.set_with_sets(true);
    request.set_tree_file(options_.tree_file);
    next_ask_at_ = now + wait / 2;
    // Beyond the limits, so that the last answer, which has the reasons, still comes.
    auto reply = root_.Ask(request,
                           {.deadline = now + wait + (reached_ ? options_.lost_grace : kRootAskMax),
                            .interrupt_descriptor = limits_.interrupt_descriptor},
                           AbsentPeer::kIsAwaited);
    // It is awaited: only a connection that there was can be lost.
    if (absl::IsUnavailable(reply.status())) reached_ = true;
    if (reply.ok() || reached_ || absl::IsCancelled(reply.status())) return reply;
    const Member& root = tree_.members()[tree_.trees().Root(0)];
    return absl::UnavailableError(absl::StrCat(
        "the root ", root.name, " cannot be asked from here how far the others are (",
        reply.status().message(), "); launch on a node of the job, or give addresses that this ",
        "machine reaches with --addresses"));
  }

  bool IsReady(uint32_t member) const {
    return Contains(options_.warm ? reply_.warm_set() : reply_.proven_set(), member);
  }

  bool HasProblem(uint32_t member) const {
    return std::any_of(
        reply_.problems().begin(), reply_.problems().end(),
        [member](const v1::MemberProblem& problem) { return problem.member() == member; });
  }

  Left Unsettled() const {
    Left left;
    for (uint32_t member = 0; member < options_.started.size(); ++member) {
      if (!options_.started[member] || IsReady(member)) continue;
      if (Contains(reply_.lost_set(), member)) {
        ++left.lost;
      } else if (!HasProblem(member)) {
        ++left.unheard;
      }
    }
    // Of them it is only known that they have one.
    left.unheard -= std::min<size_t>(left.unheard, reply_.problems_dropped());
    return left;
  }

  void Tell() {
    const absl::Time now = absl::Now();
    if (now - told_at_ < options_.interval || reply_.reached()) return;
    told_at_ = now;
    const uint32_t total = reply_.total();
    std::string text =
        absl::StrFormat("%d/%d mounted, %d proven", reply_.mounted(), total, reply_.proven());
    if (options_.warm) {
      absl::StrAppendFormat(&text, ", %d warm (%s read)", reply_.warm(),
                            FormatBytes(reply_.warmed_bytes()));
    }
    if (reply_.lost() > 0) absl::StrAppend(&text, ", lost: ", reply_.lost_members());
    options_.progress(text);
  }

  // Where a member is that said nothing of a problem.
  std::string PlaceText(uint32_t member) const {
    const auto parent = tree_.trees().Parent(0, member);
    const std::string above =
        parent.has_value() ? absl::StrCat(" (its parent is ", tree_.members()[*parent].name, ")")
                           : "";
    if (Contains(reply_.lost_set(), member)) return "it was lost: its peer is silent";
    if (!Contains(reply_.connected_set(), member)) {
      return absl::StrCat("its peer has not come to the root in time", above);
    }
    if (!Contains(reply_.mounted_set(), member)) return "it was not mounted in time";
    if (!Contains(reply_.proven_set(), member)) return "its mount was not read in time";
    return "it was not warm in time";
  }

  std::vector<MemberReadiness> Result() const {
    std::vector<MemberReadiness> result(tree_.members().size());
    for (uint32_t member = 0; member < result.size(); ++member) {
      result[member].ready = IsReady(member);
      result[member].lost = Contains(reply_.lost_set(), member);
      if (!result[member].ready) result[member].reason = PlaceText(member);
    }
    for (const v1::MemberProblem& problem : reply_.problems()) {
      if (problem.member() >= result.size() || result[problem.member()].ready) continue;
      result[problem.member()].reason = problem.text();
    }
    return result;
  }

  // It could be reached before: it is gone, and each member is below it.
  std::vector<MemberReadiness> WithoutRoot(const absl::Status& why) const {
    const uint32_t root = tree_.trees().Root(0);
    const std::string& name = tree_.members()[root].name;
    std::vector<MemberReadiness> result(
        tree_.members().size(),
        {.lost = true, .reason = absl::StrCat("the root ", name, " was lost")});
    result[root].reason = absl::StrCat("it was lost: ", why.message());
    return result;
  }

  const TreeFile& tree_;
  RootReadiness& root_;
  const TreeReadinessOptions& options_;
  const WaitLimits& limits_;
  v1::GetReadinessReply reply_;
  // The root was, at least once.
  bool reached_ = false;
  absl::Time told_at_ = absl::Now();
  absl::Time next_ask_at_ = absl::InfinitePast();
};

}  // namespace

absl::StatusOr<std::vector<MemberReadiness>> AwaitTreeReadiness(const TreeFile& tree,
                                                                RootReadiness& root,
                                                                const TreeReadinessOptions& options,
                                                                const WaitLimits& limits) {
  return Waiting(tree, root, options, limits).Run();
}

}  // namespace coppice
