// Counts the requests of the kernel, by kind: what a mount reports to its peer
// (MountReport.Statistics in proto/peer.proto). Counters only rise. Thread-safe, without a lock.
#ifndef COPPICE_FUSE_CLIENT_REQUEST_COUNTERS_H_
#define COPPICE_FUSE_CLIENT_REQUEST_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace coppice {

// The operations of the FUSE protocol; kRefused stands for all that would change something.
enum class RequestKind {
  kLookup,
  kForget,
  kGetattr,
  kReadlink,
  kOpen,
  kOpendir,
  kRead,
  kReaddir,
  kReaddirplus,
  kStatfs,
  kGetxattr,
  kListxattr,
  kLseek,
  kIoctl,
  kFlush,
  kFsync,
  kRefused,
  kCount,  // how many there are; not a kind
};

class RequestCounters {
 public:
  void Count(RequestKind kind) { ++counts_[static_cast<size_t>(kind)]; }
  // Bytes of file data that were given to the kernel.
  void CountReadBytes(uint64_t bytes) { read_bytes_ += bytes; }

  // "LOOKUP", "READ", ... and "read_bytes". Kinds that never came are there with 0.
  std::map<std::string, uint64_t> Snapshot() const;

 private:
  std::array<std::atomic<uint64_t>, static_cast<size_t>(RequestKind::kCount)> counts_ = {};
  std::atomic<uint64_t> read_bytes_ = 0;
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_REQUEST_COUNTERS_H_
