// What the backing file system was asked for, counted where it is asked.
//
// Each counter is right by itself; together they are no snapshot.
#ifndef COPPICE_SOURCE_POSIX_COUNTERS_H_
#define COPPICE_SOURCE_POSIX_COUNTERS_H_

#include <atomic>
#include <cstdint>

namespace coppice {

struct PosixCounters {
  std::atomic<uint64_t> opens{0};      // of files, for their data
  std::atomic<uint64_t> bytes{0};      // of file data that was read
  std::atomic<uint64_t> lstats{0};     // of a name, also of a name that is missing
  std::atomic<uint64_t> readdirs{0};   // directories whose names were read, each time
  std::atomic<uint64_t> readlinks{0};  // link targets read
  std::atomic<uint64_t> statfs{0};
  std::atomic<uint64_t> reads{0};       // blocks that were read
  std::atomic<uint64_t> seeks{0};       // for data or a hole
  std::atomic<uint64_t> errors{0};      // requests that failed, whatever the cause
  std::atomic<uint64_t> stale{0};       // of these: the file had another version
  std::atomic<uint64_t> queue_full{0};  // of these: refused, without asking the file system
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_POSIX_COUNTERS_H_
