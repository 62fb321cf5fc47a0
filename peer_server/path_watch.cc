#include "peer_server/path_watch.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/membership.pb.h"

namespace coppice {

PathWatch::PathWatch(const TreeLinks& links, OutgoingCalls& calls, Timer& timer, const Clock& clock,
                     std::function<void(bool)> on_change)
    : links_(links),
      calls_(calls),
      timer_(timer),
      clock_(clock),
      on_change_(std::move(on_change)),
      there_(links.tree_count()) {}

void PathWatch::Start() {
  for (size_t tree = 0; tree < links_.tree_count(); ++tree) {
    if (links_.parent(tree) == nullptr) {
      SetWay(tree, true);
    } else {
      Ask(tree);
    }
  }
}

void PathWatch::Ask(size_t tree) {
  bool was_there = false;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    was_there = there_[tree];
  }
  v1::AwaitPathRequest request;
  request.set_tree(static_cast<uint32_t>(tree));
  auto* const stub = links_.parent(tree)->membership->async();
  calls_.Call<v1::AwaitPathRequest, v1::AwaitPathReply>(
      request, {.deadline = clock_.Now() + (was_there ? kPathCheckMax : kPathWaitMax)},
      [stub](grpc::ClientContext* context, const v1::AwaitPathRequest* sent,
             v1::AwaitPathReply* reply, std::function<void(grpc::Status)> done) {
        stub->AwaitPath(context, sent, reply, std::move(done));
      },
      [this, tree](const grpc::Status& status, v1::AwaitPathReply&) {
        SetWay(tree, status.ok());
        AskLater(tree, status.ok() ? kPathCheckPeriod : kPathRetryDelay);
      });
}

void PathWatch::AskLater(size_t tree, absl::Duration delay) {
  {
    MutexLock lock(mutex_);
    if (closed_) return;
  }
  timer_.RunAfter(delay, [this, tree, gate = gate_] {
    if (!gate->Enter()) return;
    Ask(tree);
    gate->Leave();
  });
}

void PathWatch::SetWay(size_t tree, bool there) {
  std::list<WaiterRef> answered;
  {
    MutexLock lock(mutex_);
    if (there_[tree] == there) return;
    there_[tree] = there;
    for (auto it = waiters_.begin(); there && it != waiters_.end();) {
      const auto next = std::next(it);
      if ((*it)->tree == tree) answered.splice(answered.end(), waiters_, it);
      it = next;
    }
  }
  for (const WaiterRef& waiter : answered) {
    timer_.Cancel(waiter->timer);
    std::move(waiter->done)(absl::OkStatus());
  }
  // Two trees may change at once, and what one has seen be told after the other has told more.
  for (bool told = false, all = false; !told; told = AllThere() == all) {
    all = AllThere();
    on_change_(all);
  }
}

void PathWatch::Await(size_t tree, absl::Duration time_left, DoneFn done) {
  const auto waiter = std::make_shared<Waiter>();
  waiter->tree = tree;
  absl::Status now;
  {
    MutexLock lock(mutex_);
    if (closed_) {
      now = absl::UnavailableError("the peer is ending");
    } else if (waiters_.size() >= kPathWaitersMax) {
      now = absl::ResourceExhaustedError("too many children wait for the way to a root here");
    } else if (!there_[tree]) {
      waiter->done = std::move(done);
      waiters_.push_back(waiter);
      waiter->timer =
          timer_.RunAfter(std::min(time_left, kPathWaitMax), [this, gate = gate_, waiter] {
            if (!gate->Enter()) return;
            Expire(waiter);
            gate->Leave();
          });
      return;
    }
  }
  std::move(done)(now);
}

void PathWatch::Expire(const WaiterRef& waiter) {
  {
    MutexLock lock(mutex_);
    const auto found = std::find(waiters_.begin(), waiters_.end(), waiter);
    if (found == waiters_.end()) return;
    waiters_.erase(found);
  }
  std::move(waiter->done)(
      absl::UnavailableError(absl::StrCat("no way to the root of tree ", waiter->tree, " yet")));
}

void PathWatch::Close() {
  std::list<WaiterRef> waiters;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    waiters.swap(waiters_);
  }
  for (const WaiterRef& waiter : waiters) {
    timer_.Cancel(waiter->timer);
    std::move(waiter->done)(absl::UnavailableError("the peer is ending"));
  }
  gate_->CloseAndWait();
}

}  // namespace coppice
