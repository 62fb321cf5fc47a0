// The inode numbers that programs see: (device, inode) of the backing file system -> st_ino.
//
// A mount has one st_dev, but the tree behind it may span several devices whose inode numbers
// overlap; tar, rsync, du and the dynamic linker take equal (st_dev, st_ino) for one file. So the
// numbers are injective for the life of the mount: equal for the names of one file (hard links),
// different for two files, the same in readdir and in stat.
//
// Device k, by order of first sight, has k, bit-reversed, in the top kDeviceBits; so the numbers of
// the first device are those of the backing file system. What does not fit ("wide": inodes of 2^58
// and above, devices after the 63rd, inode 0) is numbered in order of sight in the last region.
//
// Not the node ids of the FUSE protocol: those are inode_table.h. Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_INODE_NUMBERS_H_
#define COPPICE_FUSE_CLIENT_INODE_NUMBERS_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/mutex.h"

namespace coppice {

class InodeNumbers {
 public:
  static constexpr unsigned kDeviceBits = 6;
  static constexpr unsigned kInodeBits = 64 - kDeviceBits;
  // Devices that have a region of their own; the last region is for the wide ones.
  static constexpr uint64_t kDevicesMax = (uint64_t{1} << kDeviceBits) - 1;
  // About 64 MiB of memory; a file system with 64-bit hashes for inodes may come near.
  static constexpr size_t kWideInodesMax = size_t{1} << 20;

  explicit InodeNumbers(size_t wide_inodes_max = kWideInodesMax)
      : wide_inodes_max_(wide_inodes_max) {}

  // Never 0. EOVERFLOW when the wide table is full and this one is not in it.
  absl::StatusOr<uint64_t> NumberOf(uint64_t device, uint64_t inode);

 private:
  const size_t wide_inodes_max_;
  Mutex mutex_;
  // device -> its region. Bounded by kDevicesMax.
  absl::flat_hash_map<uint64_t, uint64_t> devices_ ABSL_GUARDED_BY(mutex_);
  // (device, inode) -> number within the last region.
  absl::flat_hash_map<std::pair<uint64_t, uint64_t>, uint64_t> wide_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_INODE_NUMBERS_H_
