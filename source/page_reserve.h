// PageReserve: keeps memory that will be used next ready, so that who takes it does not wait for
// the kernel to find and clear pages (a third of a millisecond for a MiB, measured; a copy takes a
// tenth).
//
// Memory is used from the low end. A thread stays kReserveBytes ahead of what was taken, in small
// steps; who comes faster than that takes pages himself. Pages are asked for with
// MADV_POPULATE_WRITE (madvise(2), Linux 5.14): where the kernel has none left that is an error,
// and not a SIGBUS at the first touch. On an older kernel each page is a page fault, as usual.
//
// Thread-safe.
#ifndef COPPICE_SOURCE_PAGE_RESERVE_H_
#define COPPICE_SOURCE_PAGE_RESERVE_H_

#include <atomic>
#include <cstdint>
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
  bool Populate(uint64_t end);
  void Fill();

  char* const start_;
  const uint64_t size_;
  std::atomic<uint64_t> populated_ = 0;

  Mutex mutex_;
  CondVar wanted_;
  uint64_t target_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_PAGE_RESERVE_H_
