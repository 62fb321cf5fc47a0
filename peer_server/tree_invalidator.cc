#include "peer_server/tree_invalidator.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "common/status.h"
#include "grpcpp/client_context.h"

namespace coppice {
namespace {

// One call to another peer's inspection service, kept alive by its own completion.
struct InvalidateCall {
  grpc::ClientContext context;
  v1::InvalidateRequest request;
  v1::InvalidateReply reply;
};

void CallPeer(const TreeLink& link, const v1::InvalidateRequest& request, absl::Time deadline,
              absl::AnyInvocable<void(const grpc::Status&, v1::InvalidateReply&)> done) {
  auto call = std::make_shared<InvalidateCall>();
  call->request = request;
  call->context.set_deadline(absl::ToChronoTime(deadline));
  call->context.set_wait_for_ready(true);
  auto shared_done = std::make_shared<decltype(done)>(std::move(done));
  link.inspection->async()->Invalidate(
      &call->context, &call->request, &call->reply,
      [call, shared_done](const grpc::Status& status) { (*shared_done)(status, call->reply); });
}

std::string FailureLine(const TreeLink& link, const grpc::Status& status) {
  return absl::StrCat("node ", link.neighbour.name, " at ", link.neighbour.address, ": ",
                      status.error_message());
}

// Adds up the answers of the mounts and of each child; the last one in reports the sum.
class Sum {
 public:
  Sum(size_t parts, TreeInvalidator::DoneFn done) : parts_left_(parts), done_(std::move(done)) {
    reply_.set_nodes(1);
  }

  void Add(const v1::InvalidateReply& part) {
    TreeInvalidator::DoneFn done;
    {
      MutexLock lock(mutex_);
      reply_.set_nodes(reply_.nodes() + part.nodes());
      reply_.set_mounts(reply_.mounts() + part.mounts());
      reply_.mutable_failures()->MergeFrom(part.failures());
      if (--parts_left_ > 0) return;
      done = std::move(done_);
    }
    // Nobody else has this object's attention any more.
    std::move(done)(std::move(reply_));
  }

 private:
  Mutex mutex_;
  size_t parts_left_ ABSL_GUARDED_BY(mutex_);
  v1::InvalidateReply reply_;
  TreeInvalidator::DoneFn done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void TreeInvalidator::Invalidate(const v1::InvalidateRequest& request, absl::Time deadline,
                                 DoneFn done) {
  absl::StatusOr<Path> path = Path::Parse(request.path());
  if (!path.ok()) {
    std::move(done)(path.status());
    return;
  }
  if (request.tree() >= links_.tree_count()) {
    std::move(done)(absl::InvalidArgumentError(
        absl::StrCat("there are ", links_.tree_count(), " trees, and no tree ", request.tree())));
    return;
  }
  deadline = std::min(deadline, clock_.Now() + kInvalidateTimeout) - kAnswerMargin;
  if (links_.parent(request.tree()) != nullptr && !request.subtree_only()) {
    PassToParent(request, deadline, std::move(done));
    return;
  }
  Invalidation invalidation{*std::move(path), request.recursive()};
  if (request.subtree_only() || request.peers_only() || links_.tree_count() == 1) {
    InvalidateSubtree(request, std::move(invalidation), deadline, std::move(done));
    return;
  }
  const absl::Time half = clock_.Now() + (deadline - clock_.Now()) / 2;
  InvalidateOtherTrees(
      request, half,
      [this, request, invalidation = std::move(invalidation), deadline,
       done = std::move(done)](absl::StatusOr<v1::InvalidateReply> others) mutable {
        InvalidateSubtree(request, std::move(invalidation), deadline,
                          [others = std::move(others), done = std::move(done)](
                              absl::StatusOr<v1::InvalidateReply> reply) mutable {
                            if (reply.ok()) {
                              reply->mutable_failures()->MergeFrom(others->failures());
                            }
                            std::move(done)(std::move(reply));
                          });
      });
}

void TreeInvalidator::InvalidateOtherTrees(const v1::InvalidateRequest& request,
                                           absl::Time deadline, DoneFn done) {
  const auto sum = std::make_shared<Sum>(links_.tree_count() - 1, std::move(done));
  for (size_t tree = 1; tree < links_.tree_count(); ++tree) {
    v1::InvalidateRequest pass = request;
    pass.set_tree(static_cast<uint32_t>(tree));
    pass.set_peers_only(true);
    // To that tree's root, which may be this peer.
    Invalidate(pass, deadline, [sum, tree](absl::StatusOr<v1::InvalidateReply> reply) {
      v1::InvalidateReply part;
      if (reply.ok()) {
        *part.mutable_failures() = reply->failures();
      } else {
        part.add_failures(absl::StrCat("tree ", tree, ": ", reply.status().message()));
      }
      sum->Add(part);
    });
  }
}

void TreeInvalidator::PassToParent(const v1::InvalidateRequest& request, absl::Time deadline,
                                   DoneFn done) {
  const TreeLink& parent = *links_.parent(request.tree());
  CallPeer(parent, request, deadline,
           [&parent, done = std::move(done)](const grpc::Status& status,
                                             v1::InvalidateReply& reply) mutable {
             if (status.ok()) {
               std::move(done)(std::move(reply));
             } else {
               std::move(done)(absl::UnavailableError(
                   absl::StrCat("the way to the root is broken: ", FailureLine(parent, status))));
             }
           });
}

void TreeInvalidator::InvalidateSubtree(const v1::InvalidateRequest& request,
                                        Invalidation invalidation, absl::Time deadline,
                                        DoneFn done) {
  stack_.Invalidate(invalidation);
  const std::vector<TreeLink>& children = links_.children(request.tree());
  const auto sum = std::make_shared<Sum>(1 + children.size(), std::move(done));
  if (request.peers_only()) {
    sum->Add({});
  } else {
    mounts_.Invalidate(invalidation, deadline - clock_.Now(), [sum](InvalidateOutcome outcome) {
      v1::InvalidateReply part;
      part.set_mounts(outcome.mounts);
      for (std::string& failure : outcome.failures) part.add_failures(std::move(failure));
      sum->Add(part);
    });
  }
  v1::InvalidateRequest subtree = request;
  subtree.set_subtree_only(true);
  for (const TreeLink& child : children) {
    CallPeer(child, subtree, deadline,
             [sum, &child](const grpc::Status& status, v1::InvalidateReply& reply) {
               if (status.ok()) {
                 sum->Add(reply);
                 return;
               }
               v1::InvalidateReply part;
               part.add_failures(FailureLine(child, status));
               sum->Add(part);
             });
  }
}

}  // namespace coppice
