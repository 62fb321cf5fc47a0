#include "peer_server/tree_stopper.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "peer_server/node_summary.h"
#include "spdlog/spdlog.h"

namespace coppice {

// Adds up the answers of the mounts and of each child; the last one in reports the sum.
class TreeStopper::Sum {
 public:
  using DoneFn = absl::AnyInvocable<void(v1::StopSubtreeReply, std::vector<MountCounters>,
                                         std::string mount_problem) &&>;

  Sum(size_t parts, uint32_t member_count, DoneFn done)
      : member_count_(member_count), parts_left_(parts), done_(std::move(done)) {}

  void AddChild(v1::StopSubtreeReply part) {
    const auto unanswered = MemberSet::Decode(part.unanswered(), member_count_);
    {
      MutexLock lock(mutex_);
      for (v1::NodeSummary& node : *part.mutable_nodes()) reply_.add_nodes()->Swap(&node);
      if (unanswered.ok()) unanswered_.UnionWith(*unanswered);
      reply_.mutable_failures()->MergeFrom(part.failures());
    }
    PartEnded();
  }

  void AddLost(const MemberSet& subtree, const std::string& failure) {
    {
      MutexLock lock(mutex_);
      unanswered_.UnionWith(subtree);
      reply_.add_failures(failure);
    }
    PartEnded();
  }

  void AddMounts(std::vector<MountCounters> mounts, const StopOutcome& outcome) {
    {
      MutexLock lock(mutex_);
      mounts_ = std::move(mounts);
      mount_problem_ = absl::StrJoin(outcome.failures, "; ");
      for (const std::string& failure : outcome.failures) reply_.add_failures(failure);
    }
    PartEnded();
  }

 private:
  void PartEnded() {
    v1::StopSubtreeReply reply;
    std::vector<MountCounters> mounts;
    std::string mount_problem;
    {
      MutexLock lock(mutex_);
      if (--parts_left_ > 0) return;
      *reply_.mutable_unanswered() = unanswered_.Encode();
      reply.Swap(&reply_);
      mounts = std::move(mounts_);
      mount_problem = std::move(mount_problem_);
    }
    // Nobody else has this object's attention any more.
    std::move(done_)(std::move(reply), std::move(mounts), std::move(mount_problem));
  }

  const uint32_t member_count_;
  Mutex mutex_;
  size_t parts_left_ ABSL_GUARDED_BY(mutex_);
  v1::StopSubtreeReply reply_ ABSL_GUARDED_BY(mutex_);
  MemberSet unanswered_ ABSL_GUARDED_BY(mutex_);
  std::vector<MountCounters> mounts_ ABSL_GUARDED_BY(mutex_);
  std::string mount_problem_ ABSL_GUARDED_BY(mutex_);
  DoneFn done_;
};

absl::Status TreeStopper::CheckJob(absl::string_view tree_file) const {
  if (tree_file.empty() || tree_file == options_.tree_file) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("this peer belongs to another job",
                   options_.tree_file.empty() ? "" : ", of the tree file ", options_.tree_file));
}

void TreeStopper::Stop(const v1::StopRequest& request, absl::Time deadline, StopDone done) {
  deadline = std::min(deadline, options_.clock.Now() + options_.timeout);
  if (options_.links.parent() != nullptr) {
    {
      MutexLock lock(mutex_);
      ++answers_owed_;
    }
    PassToParent(request, deadline - kStopAnswerMargin, std::move(done));
    return;
  }
  v1::StopSubtreeRequest down;
  down.set_reason(request.reason());
  down.set_tree_file(request.tree_file());
  StopSubtree(down, deadline, [this, done = std::move(done)](v1::StopSubtreeReply reply) mutable {
    std::move(done)(ReplyOf(reply));
  });
}

void TreeStopper::PassToParent(const v1::StopRequest& request, absl::Time deadline, StopDone done) {
  const TreeLink& parent = *options_.links.parent();
  auto* const stub = parent.inspection->async();
  options_.calls.Call<v1::StopRequest, v1::StopReply>(
      request, {.deadline = deadline, .wait_for_ready = false},
      [stub](grpc::ClientContext* context, const v1::StopRequest* sent, v1::StopReply* reply,
             std::function<void(grpc::Status)> ended) {
        stub->Stop(context, sent, reply, std::move(ended));
      },
      [&parent, done = std::move(done)](const grpc::Status& status, v1::StopReply& reply) mutable {
        if (status.ok()) return std::move(done)(std::move(reply));
        std::move(done)(absl::UnavailableError(
            absl::StrCat("the way to the root is broken: node ", parent.neighbour.name, " at ",
                         parent.neighbour.address, ": ", status.error_message())));
      });
}

void TreeStopper::StopSubtree(const v1::StopSubtreeRequest& request, absl::Time deadline,
                              SubtreeDone done) {
  deadline = std::min(deadline, options_.clock.Now() + options_.timeout);
  v1::StopSubtreeReply result;
  bool begin = false;
  {
    MutexLock lock(mutex_);
    ++answers_owed_;
    if (!ended_) {
      waiting_.push_back(std::move(done));
      begin = !std::exchange(begun_, true);
      if (!begin) return;
    } else {
      result = result_;
    }
  }
  if (begin) return Begin(request, deadline - kStopAnswerMargin);
  std::move(done)(std::move(result));
}

void TreeStopper::Begin(const v1::StopSubtreeRequest& request, absl::Time deadline) {
  const std::string& reason = request.reason();
  spdlog::info("stopping, with all below: {}", reason.empty() ? "no reason given" : reason);
  const auto sum = std::make_shared<Sum>(
      1 + options_.links.children().size(), options_.roster.size(),
      [this, reason, deadline](v1::StopSubtreeReply reply, const std::vector<MountCounters>& mounts,
                               const std::string& mount_problem) {
        v1::NodeSummary own = OwnSummary(mounts);
        own.set_problem(mount_problem);
        CleanUp(std::move(reply), std::move(own), reason, deadline);
      });
  if (options_.keeper.has_keeper()) {
    deadline -= std::min(kCleanUpReserve, (deadline - options_.clock.Now()) / kCleanUpReservePart);
  }
  for (size_t child = 0; child < options_.links.children().size(); ++child) {
    StopChild(child, request, sum, deadline);
  }
  StopMounts(sum, deadline);
}

void TreeStopper::StopMounts(const std::shared_ptr<Sum>& sum, absl::Time deadline) {
  const absl::Duration left = deadline - options_.clock.Now();
  // Their counters go with them.
  options_.mounts.CollectStatistics(
      std::min(kLastStatisticsTimeout, left / 2),
      [this, sum, deadline](std::vector<MountCounters> counters) {
        options_.mounts.Stop(
            std::max(absl::ZeroDuration(), deadline - options_.clock.Now()),
            [sum, counters = std::move(counters)](const StopOutcome& outcome) mutable {
              sum->AddMounts(std::move(counters), outcome);
            });
      });
}

void TreeStopper::StopChild(size_t child, const v1::StopSubtreeRequest& request,
                            const std::shared_ptr<Sum>& sum, absl::Time deadline) {
  const TreeLink& link = options_.links.children()[child];
  auto* const stub = link.membership->async();
  options_.calls.Call<v1::StopSubtreeRequest, v1::StopSubtreeReply>(
      // A child that is gone is not waited for.
      request, {.deadline = deadline, .wait_for_ready = false},
      [stub](grpc::ClientContext* context, const v1::StopSubtreeRequest* sent,
             v1::StopSubtreeReply* reply, std::function<void(grpc::Status)> ended) {
        stub->StopSubtree(context, sent, reply, std::move(ended));
      },
      [this, sum, child, &link](const grpc::Status& status, v1::StopSubtreeReply& reply) {
        if (status.ok()) return sum->AddChild(std::move(reply));
        const uint32_t member = options_.roster.Children(options_.self)[child];
        sum->AddLost(options_.roster.Subtree(member),
                     absl::StrCat("node ", link.neighbour.name, " at ", link.neighbour.address,
                                  ": ", status.error_message()));
      });
}

v1::NodeSummary TreeStopper::OwnSummary(const std::vector<MountCounters>& mounts) const {
  v1::NodeSummary own = SummaryOf(options_.layers(), mounts);
  own.set_member(options_.self);
  own.set_node(options_.roster.NameOf(options_.self));
  own.set_up_seconds(absl::ToDoubleSeconds(options_.clock.Now() - started_at_));
  return own;
}

void TreeStopper::CleanUp(v1::StopSubtreeReply reply, v1::NodeSummary own,
                          const std::string& reason, absl::Time deadline) {
  options_.keeper.CleanUp(
      reason, deadline - options_.clock.Now(),
      [this, reply = std::move(reply), own = std::move(own)](const std::string& problem) mutable {
        if (!problem.empty()) {
          reply.add_failures(absl::StrCat("node ", own.node(), ": ", problem));
          own.set_problem(absl::StrCat(own.problem(), own.problem().empty() ? "" : "; ", problem));
        }
        *reply.add_nodes() = std::move(own);
        Ended(std::move(reply));
      });
}

void TreeStopper::Ended(v1::StopSubtreeReply reply) {
  std::vector<SubtreeDone> waiting;
  {
    MutexLock lock(mutex_);
    ended_ = true;
    result_ = reply;
    waiting.swap(waiting_);
  }
  for (SubtreeDone& done : waiting) std::move(done)(reply);
}

void TreeStopper::AnswerSent() {
  {
    MutexLock lock(mutex_);
    --answers_owed_;
    if (!ended_ || answers_owed_ > 0 || std::exchange(told_, true)) return;
  }
  options_.on_stopped();
}

v1::StopReply TreeStopper::ReplyOf(const v1::StopSubtreeReply& subtree) const {
  v1::StopReply reply;
  *reply.mutable_nodes() = subtree.nodes();
  std::sort(
      reply.mutable_nodes()->begin(), reply.mutable_nodes()->end(),
      [](const v1::NodeSummary& a, const v1::NodeSummary& b) { return a.member() < b.member(); });
  const auto unanswered = MemberSet::Decode(subtree.unanswered(), options_.roster.size());
  if (unanswered.ok()) {
    reply.set_unanswered_count(static_cast<uint32_t>(unanswered->Count()));
    reply.set_unanswered(options_.roster.FoldedNames(*unanswered));
  }
  *reply.mutable_failures() = subtree.failures();
  return reply;
}

}  // namespace coppice
