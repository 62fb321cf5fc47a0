#include "peer_server/readiness_waits.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coppice {

bool ReadinessWaits::IsOver(const v1::GetReadinessRequest& request) const {
  const ReadinessBoard::Progress progress =
      board_.ProgressTo(request.wait_for(), request.wait_until_members());
  if (request.known_revision() != 0 && request.known_revision() != progress.revision) return true;
  return request.wait_until_members() > 0 && (progress.reached || progress.ended);
}

void ReadinessWaits::Answer(const v1::GetReadinessRequest& request, DoneFn done) const {
  v1::GetReadinessReply reply = board_.Snapshot();
  reply.set_reached(board_.ProgressTo(request.wait_for(), request.wait_until_members()).reached);
  if (!request.with_sets()) {
    reply.clear_connected_set();
    reply.clear_mounted_set();
    reply.clear_proven_set();
    reply.clear_warm_set();
    reply.clear_lost_set();
  }
  std::move(done)(std::move(reply));
}

void ReadinessWaits::Ask(const v1::GetReadinessRequest& request, absl::Duration time_left,
                         DoneFn done) {
  time_left = std::min(time_left, kReadinessWaitMax);
  if (request.wait_max_ns() > 0) {
    const uint64_t wait_max_ns = absl::ToInt64Nanoseconds(kReadinessWaitMax);
    time_left =
        std::min(time_left, absl::Nanoseconds(std::min(request.wait_max_ns(), wait_max_ns)));
  }
  const bool waits = request.wait_until_members() > 0 || request.known_revision() > 0;
  if (!waits || time_left <= absl::ZeroDuration()) return Answer(request, std::move(done));
  const auto wait = std::make_shared<Wait>();
  wait->request = request;
  wait->done = std::move(done);
  absl::Status refused;
  bool closed = false;
  {
    MutexLock lock(mutex_);
    closed = closed_;
    if (waits_.size() >= kReadinessWaitsMax) {
      refused = absl::ResourceExhaustedError(
          absl::StrCat(kReadinessWaitsMax, " callers wait for readiness here already"));
    } else if (!closed) {
      waits_.push_back(wait);
      wait->timer = timer_.RunAfter(time_left, [this, weak = std::weak_ptr<Wait>(wait)] {
        // A wait that is alive is on the list, so that this is too.
        if (const auto expired = weak.lock(); expired != nullptr) Expire(expired);
      });
    }
  }
  if (!refused.ok()) return std::move(wait->done)(refused);
  if (closed) return Answer(wait->request, std::move(wait->done));
  // Only now, when a change that comes meanwhile finds it.
  if (IsOver(request)) Expire(wait);
}

void ReadinessWaits::Expire(const std::shared_ptr<Wait>& wait) {
  {
    MutexLock lock(mutex_);
    const auto found = std::find(waits_.begin(), waits_.end(), wait);
    if (found == waits_.end()) return;
    waits_.erase(found);
  }
  timer_.Cancel(wait->timer);
  Answer(wait->request, std::move(wait->done));
}

void ReadinessWaits::Changed() {
  Waits waits;
  {
    MutexLock lock(mutex_);
    waits = waits_;
  }
  for (const auto& wait : waits) {
    if (IsOver(wait->request)) Expire(wait);
  }
}

void ReadinessWaits::Close() {
  Waits waits;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    waits.swap(waits_);
  }
  for (const auto& wait : waits) {
    timer_.Cancel(wait->timer);
    Answer(wait->request, std::move(wait->done));
  }
}

}  // namespace coppice
