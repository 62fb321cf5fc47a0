#include "source/pacing_source.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "common/in_flight.h"
#include "common/mutex.h"
#include "source/forwarding_source.h"

namespace coppice {
namespace {

class Pacing final : public ForwardingSource<PacingSource> {
 public:
  Pacing(Source& base, uint64_t window_bytes)
      : ForwardingSource(base), window_bytes_(window_bytes) {}
  // All is answered, but who was answered last may not have left yet.
  ~Pacing() override { callers_.WaitUntilNone(); }

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    if (!context.guessed_here || context.cached_only || key.LengthBytes() < kPacedBlockBytesMin) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    callers_.Begin();
    {
      MutexLock lock(mutex_);
      ++paced_;
      (context.deferred ? deferred_ : waiting_).push_back({key, context, std::move(done)});
    }
    Send();
    callers_.End();
  }

  LayerStatistics Statistics() const override {
    MutexLock lock(mutex_);
    return {.layer = "pacing",
            .counters = {{"paced", paced_}, {"held", waiting_.size() + deferred_.size()}}};
  }

 private:
  struct Request {
    BlockKey key;
    RequestContext context;
    Done<BlockRef> done;
  };

  // One thread at a time: answers that are at hand end within, and would be as many calls deep.
  void Send() {
    {
      MutexLock lock(mutex_);
      if (sending_) return;
      sending_ = true;
    }
    while (std::optional<Request> request = Next()) {
      const uint64_t bytes = request->key.LengthBytes();
      base_.ReadBlock(
          request->key, request->context,
          [this, bytes, done = std::move(request->done)](absl::StatusOr<BlockRef> block) mutable {
            {
              MutexLock lock(mutex_);
              under_way_bytes_ -= bytes;
            }
            // Before the answer, after which this may be gone.
            Send();
            std::move(done)(std::move(block));
          });
    }
  }

  // Counted as under way. Nothing: none waits, or enough are.
  std::optional<Request> Next() {
    MutexLock lock(mutex_);
    if ((waiting_.empty() && deferred_.empty()) || under_way_bytes_ >= window_bytes_) {
      sending_ = false;
      return std::nullopt;
    }
    Request next = Take();
    under_way_bytes_ += next.key.LengthBytes();
    return next;
  }

  Request Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!waiting_.empty()) {
      Request first = std::move(waiting_.front());
      waiting_.pop_front();
      return first;
    }
    Request last = std::move(deferred_.back());
    deferred_.pop_back();
    return last;
  }

  const uint64_t window_bytes_;
  mutable Mutex mutex_;
  std::deque<Request> waiting_ ABSL_GUARDED_BY(mutex_);
  std::deque<Request> deferred_ ABSL_GUARDED_BY(mutex_);
  uint64_t under_way_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t paced_ ABSL_GUARDED_BY(mutex_) = 0;
  bool sending_ ABSL_GUARDED_BY(mutex_) = false;
  InFlight callers_;
};

}  // namespace

uint64_t PacingWindowBytes() {
  const uint64_t blocks =
      std::clamp<uint64_t>(std::thread::hardware_concurrency() / 2, 1, kPacedBlocksMax);
  return blocks * kBlockBytes;
}

std::unique_ptr<PacingSource> MakePacingSource(Source& base, uint64_t window_bytes) {
  return std::make_unique<Pacing>(base, window_bytes);
}

}  // namespace coppice
