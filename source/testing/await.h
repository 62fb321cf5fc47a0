// Waiting in a test for an answer of a Source, without sleeping.
//
// Answer<T> makes the Done of one call, counts how often it ran and waits for it. The Await...
// functions make a call and wait for its answer. A Done that never runs becomes DEADLINE_EXCEEDED,
// so that a broken source fails its test instead of hanging it. Thread-safe.
#ifndef COPPICE_SOURCE_TESTING_AWAIT_H_
#define COPPICE_SOURCE_TESTING_AWAIT_H_

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "source/source.h"

namespace coppice {

// Far beyond what any test's answer takes, under a sanitizer on a busy machine too.
inline constexpr std::chrono::seconds kAwaitMax{60};

template <typename T>
class Answer {
 public:
  // The Done to pass to one call. It may outlive this object.
  Done<T> MakeDone() {
    return [state = state_](absl::StatusOr<T> answer) {
      MutexLock lock(state->mutex);
      ++state->runs;
      state->answer = std::move(answer);
      state->changed.NotifyAll();
    };
  }

  bool IsReady() const { return Runs() > 0; }

  // How often the Done ran: 1 in the end, if the source keeps its contract.
  int Runs() const {
    MutexLock lock(state_->mutex);
    return state_->runs;
  }

  // Waits for the answer.
  absl::StatusOr<T> Await() const {
    const auto limit = std::chrono::steady_clock::now() + kAwaitMax;
    MutexLock lock(state_->mutex);
    while (!state_->answer.has_value()) {
      const auto left = limit - std::chrono::steady_clock::now();
      if (left.count() <= 0) return absl::DeadlineExceededError("the Done never ran");
      state_->changed.WaitFor(state_->mutex, left);
    }
    return *state_->answer;
  }

 private:
  struct State {
    Mutex mutex;
    CondVar changed;
    int runs ABSL_GUARDED_BY(mutex) = 0;
    std::optional<absl::StatusOr<T>> answer ABSL_GUARDED_BY(mutex);
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

inline absl::StatusOr<PathState> AwaitAttributes(Source& source, const Path& path,
                                                 const RequestContext& context = {}) {
  Answer<PathState> answer;
  source.GetAttributes(path, context, answer.MakeDone());
  return answer.Await();
}

inline absl::StatusOr<ListingRef> AwaitListing(Source& source, const Path& path,
                                               const DirectoryPage& page = {},
                                               const RequestContext& context = {}) {
  Answer<ListingRef> answer;
  source.ReadDirectory(path, page, context, answer.MakeDone());
  return answer.Await();
}

inline absl::StatusOr<BlockRef> AwaitBlock(Source& source, const BlockKey& key,
                                           const RequestContext& context = {}) {
  Answer<BlockRef> answer;
  source.ReadBlock(key, context, answer.MakeDone());
  return answer.Await();
}

inline absl::StatusOr<uint64_t> AwaitExtent(Source& source, const Path& path,
                                            const Version& version, uint64_t offset,
                                            ExtentKind kind, const RequestContext& context = {}) {
  Answer<uint64_t> answer;
  source.FindExtent(path, version, offset, kind, context, answer.MakeDone());
  return answer.Await();
}

inline absl::StatusOr<FileSystemStatistics> AwaitFileSystemStatistics(
    Source& source, const Path& path, const RequestContext& context = {}) {
  Answer<FileSystemStatistics> answer;
  source.GetFileSystemStatistics(path, context, answer.MakeDone());
  return answer.Await();
}

}  // namespace coppice

#endif  // COPPICE_SOURCE_TESTING_AWAIT_H_
