// Asynchronous operations, a fixed number of them under way at a time: each that ends starts the
// next from where it ended, so no thread is woken in between. Readers that are compared read in
// this same way. Thread-safe; used once.
#ifndef COPPICE_BENCH_HOP_IN_FLIGHT_WINDOW_H_
#define COPPICE_BENCH_HOP_IN_FLIGHT_WINDOW_H_

#include <cstddef>
#include <functional>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "common/mutex.h"

namespace coppice {

class InFlightWindow {
 public:
  using Finished = absl::AnyInvocable<void(absl::Status) &&>;
  // Starts operation `number`, which reports its end once, on any thread, not within the call.
  using Start = std::function<void(size_t number, Finished finished)>;

  InFlightWindow(size_t count, size_t width, Start start);

  // Runs all; blocks until none is under way. The first error, after which no more are started.
  absl::Status Run();

 private:
  // Starts the next one, if there is one to start.
  void StartNext();
  void Finish(absl::Status status);

  const size_t count_;
  const size_t width_;
  const Start start_;

  Mutex mutex_;
  CondVar idle_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_IN_FLIGHT_WINDOW_H_
