// PageReserve: keeps memory that will be used next ready, so that who takes it does not wait for
// the kernel to find and clear pages (a third of a millisecond for a MiB, measured; a copy takes a
// tenth).
//
// Memory is used from the low end. A thread stays kReserveBytes ahead of what was taken, in small
// steps; who comes faster than that takes pages himself. Pages are asked for with
// MADV_POPULATE_WRITE (madvise(2), Linux 5.14): where the kernel has none left that is an error,
// and not a SIGBUS at the first touch. On an older kernel each page is a page fault, as usual. Each
// step is one caller's: two that ask for the same pages wait for each other within the kernel.
//
// Thread-safe.
#ifndef COPPICE_SOURCE_PAGE_RESERVE_H_
#define COPPICE_SOURCE_PAGE_RESERVE_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <thread>

#include "common/mutex.h"

namespace coppice {

// Also what an idle peer holds.
inline constexpr uint64_t kReserveBytes = uint64_t{16} << 20;

class PageReserve {
 public:
  // Of the `size` bytes from `start`, which outlive this. REQUIRES: page-aligned.
  PageReserve(char* start, uint64_t size);
  ~PageReserve();
  PageReserve(const PageReserve&) = delete;
  PageReserve& operator=(const PageReserve&) = delete;

  // Makes sure that there are pages up to this offset. False: the kernel has no memory for us.
  bool Take(uint64_t end);

  // Bytes that have pages.
  uint64_t populated_bytes() const { return populated_.load(std::memory_order_acquire); }

 private:
  // Returns when there are pages up to `end`, or none can be had.
  bool Populate(uint64_t end);
  // The start of a step below `end` that nobody has begun, from now on the caller's; `size_` when
  // there is none.
  uint64_t NextStep(uint64_t end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Populated(uint64_t start, uint64_t end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fill();

  char* const start_;
  const uint64_t size_;
  std::atomic<uint64_t> populated_ = 0;

  Mutex mutex_;
  CondVar changed_;
  uint64_t target_ ABSL_GUARDED_BY(mutex_);
  uint64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;                 // steps below it were, those but:
  std::set<uint64_t> failed_ ABSL_GUARDED_BY(mutex_);          // their starts
  std::map<uint64_t, uint64_t> done_ ABSL_GUARDED_BY(mutex_);  // beyond populated_: start to end
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_PAGE_RESERVE_H_
