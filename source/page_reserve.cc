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
    wanted_.NotifyAll();
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
      wanted_.NotifyAll();
    }
  }
  return true;
}

bool PageReserve::Populate(uint64_t end) {
  uint64_t populated = populated_bytes();
  if (end <= populated) return true;
  const uint64_t target = std::min((end + kStepBytes - 1) / kStepBytes * kStepBytes, size_);
  // Two may do this at once for the same pages: the second finds them.
  if (madvise(start_ + populated, target - populated, MADV_POPULATE_WRITE) != 0 &&
      errno != EINVAL) {
    return false;
  }
  while (populated < target && !populated_.compare_exchange_weak(populated, target)) {
  }
  return true;
}

void PageReserve::Fill() {
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!stopping_ && populated_bytes() >= target_) wanted_.Wait(mutex_);
      if (stopping_) return;
    }
    if (Populate(populated_bytes() + kStepBytes)) continue;
    // Out of memory, perhaps for a while: who takes next says when to try again.
    MutexLock lock(mutex_);
    target_ = 0;
  }
}

}  // namespace coppice
