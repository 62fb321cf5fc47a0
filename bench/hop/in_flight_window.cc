#include "bench/hop/in_flight_window.h"

#include <utility>

namespace coppice {

InFlightWindow::InFlightWindow(size_t count, size_t width, Start start)
    : count_(count), width_(width), start_(std::move(start)) {}

absl::Status InFlightWindow::Run() {
  for (size_t i = 0; i < width_; ++i) StartNext();
  MutexLock lock(mutex_);
  while (under_way_ > 0) idle_.Wait(mutex_);
  return first_error_;
}

void InFlightWindow::StartNext() {
  size_t number = 0;
  {
    MutexLock lock(mutex_);
    if (next_ == count_ || !first_error_.ok()) return;
    number = next_++;
    ++under_way_;
  }
  start_(number, [this](absl::Status status) { Finish(std::move(status)); });
}

void InFlightWindow::Finish(absl::Status status) {
  {
    MutexLock lock(mutex_);
    if (first_error_.ok()) first_error_ = std::move(status);
  }
  // Before this one is counted as ended: so Run cannot return in between.
  StartNext();
  MutexLock lock(mutex_);
  // Under the lock: once Run sees 0, this object may go.
  if (--under_way_ == 0) idle_.NotifyAll();
}

}  // namespace coppice
