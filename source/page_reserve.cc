#include "source/page_reserve.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

// Linux 5.14; not in older headers.
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace coppice {
namespace {

// What is asked of the kernel at a time.
constexpr uint64_t kStepBytes = uint64_t{256} << 10;
// The thread is woken when less than this is left of the reserve: not for every block.
constexpr uint64_t kReserveLowBytes = kReserveBytes / 2;

}  // namespace

PageReserve::PageReserve(char* start, uint64_t size)
    : start_(start),
      size_(size),
      target_(std::min(kReserveBytes, size)),
      thread_([this] { Fill(); }) {}

PageReserve::~PageReserve() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

bool PageReserve::Take(uint64_t end) {
  if (end > populated_bytes() && !Populate(end)) return false;
  const uint64_t target = std::min(end + kReserveBytes, size_);
  if (populated_bytes() < std::min(end + kReserveLowBytes, size_)) {
    MutexLock lock(mutex_);
    if (target > target_) {
      target_ = target;
      changed_.NotifyAll();
    }
  }
  return true;
}

bool PageReserve::Populate(uint64_t end) {
  end = std::min(end, size_);
  while (true) {
    uint64_t start = size_;
    {
      MutexLock lock(mutex_);
      while ((start = NextStep(end)) == size_ && populated_bytes() < end) changed_.Wait(mutex_);
      if (start == size_) return true;
    }
    const uint64_t step_end = std::min(start + kStepBytes, size_);
    const bool populated =
        madvise(start_ + start, step_end - start, MADV_POPULATE_WRITE) == 0 || errno == EINVAL;
    MutexLock lock(mutex_);
    if (populated) {
      Populated(start, step_end);
    } else {
      failed_.insert(start);
    }
    changed_.NotifyAll();
    if (!populated) return false;
  }
}

uint64_t PageReserve::NextStep(uint64_t end) {
  if (!failed_.empty() && *failed_.begin() < end) {
    return failed_.extract(failed_.begin()).value();
  }
  if (begun_ >= end) return size_;
  const uint64_t start = begun_;
  begun_ = std::min(begun_ + kStepBytes, size_);
  return start;
}

void PageReserve::Populated(uint64_t start, uint64_t end) {
  done_[start] = end;
  uint64_t populated = populated_bytes();
  while (!done_.empty() && done_.begin()->first == populated) {
    populated = done_.begin()->second;
    done_.erase(done_.begin());
  }
  populated_.store(populated, std::memory_order_release);
}

void PageReserve::Fill() {
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!stopping_ && populated_bytes() >= target_) changed_.Wait(mutex_);
      if (stopping_) return;
    }
    if (Populate(populated_bytes() + kStepBytes)) {
      // Nobody waits for this, and a reader's request may wait for this processor: half of the
      // reserve takes as long as ten requests (3 ms), and an idle processor does not take over in
      // that time what waits for a busy one.
      std::this_thread::yield();
      continue;
    }
    // Out of memory, perhaps for a while: who takes next says when to try again.
    MutexLock lock(mutex_);
    target_ = 0;
  }
}

}  // namespace coppice
