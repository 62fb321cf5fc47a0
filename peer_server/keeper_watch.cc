#include "peer_server/keeper_watch.h"

#include <algorithm>
#include <utility>

namespace coppice {
namespace {

absl::Status Ending() { return absl::UnavailableError("the peer is ending"); }

}  // namespace

KeeperWatch::KeeperId KeeperWatch::Await(AwaitDone done) {
  std::optional<Keeper> replaced;
  KeeperId id = 0;
  {
    MutexLock lock(mutex_);
    id = ++last_id_;
    if (!closed_ && stage_ != Stage::kOver) {
      replaced = std::exchange(keeper_, Keeper{id, std::move(done)});
      has_died_ = false;
      done = nullptr;
    }
  }
  if (done != nullptr) std::move(done)(Ending());
  if (replaced.has_value()) {
    std::move(replaced->done)(absl::AbortedError("another keeper of this node has asked"));
  }
  return id;
}

void KeeperWatch::Leave(KeeperId keeper) {
  std::optional<Keeper> left;
  {
    MutexLock lock(mutex_);
    if (keeper_.has_value()) {
      if (keeper_->id != keeper) return;
      left = std::exchange(keeper_, std::nullopt);
      has_died_ = true;
    } else if (told_ != keeper) {
      return;
    }
  }
  if (left.has_value()) std::move(left->done)(absl::CancelledError("the keeper is gone"));
  Finish("its keeper ended before it had cleaned up");
}

absl::Status KeeperWatch::CleanedUp(const std::string& problem) {
  {
    MutexLock lock(mutex_);
    if (stage_ == Stage::kServing) {
      return absl::FailedPreconditionError("there was no stop that this node is cleaned up for");
    }
  }
  if (Finish(problem)) return absl::OkStatus();
  return absl::DeadlineExceededError("the stop was answered without waiting any longer");
}

bool KeeperWatch::has_keeper() const {
  MutexLock lock(mutex_);
  return keeper_.has_value();
}

void KeeperWatch::CleanUp(const std::string& reason, absl::Duration time_left, CleanedDone done) {
  time_left = std::max(time_left, absl::ZeroDuration());
  std::optional<Keeper> told;
  bool has_died = false;
  {
    MutexLock lock(mutex_);
    has_died = has_died_;
    told = std::exchange(keeper_, std::nullopt);
    if (told.has_value()) {
      stage_ = Stage::kCleaning;
      told_ = told->id;
      cleaned_ = std::move(done);
      time_over_ = timer_.RunAfter(time_left, [this, gate = gate_] {
        if (!gate->Enter()) return;
        Finish("not cleaned up in time");
        gate->Leave();
      });
    } else {
      stage_ = Stage::kOver;
    }
  }
  if (!told.has_value()) {
    return std::move(done)(has_died ? "its keeper has died, so nobody has cleaned up behind it"
                                    : "");
  }
  v1::AwaitStopReply reply;
  reply.set_reason(reason);
  reply.set_time_left_ns(static_cast<uint64_t>(absl::ToInt64Nanoseconds(time_left)));
  std::move(told->done)(std::move(reply));
}

bool KeeperWatch::Finish(std::string problem) {
  std::optional<Keeper> held;
  CleanedDone cleaned;
  Timer::Id time_over = 0;
  {
    MutexLock lock(mutex_);
    if (stage_ != Stage::kCleaning) return false;
    stage_ = Stage::kOver;
    held = std::exchange(keeper_, std::nullopt);
    cleaned = std::move(cleaned_);
    time_over = time_over_;
  }
  timer_.Cancel(time_over);
  if (held.has_value()) std::move(held->done)(v1::AwaitStopReply());
  std::move(cleaned)(std::move(problem));
  return true;
}

void KeeperWatch::Close() {
  std::optional<Keeper> left;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    left = std::exchange(keeper_, std::nullopt);
  }
  if (left.has_value()) std::move(left->done)(Ending());
  Finish("the peer ended before it was cleaned up");
  gate_->CloseAndWait();
}

}  // namespace coppice
