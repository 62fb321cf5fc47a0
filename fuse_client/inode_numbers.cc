#include "fuse_client/inode_numbers.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

// The region of device k: k with its kDeviceBits bits in reverse order, at the top of the number.
// Small k differ in the highest bits, so that a later, larger split of the regions would leave them
// as they are.
uint64_t RegionOf(uint64_t k) {
  uint64_t reversed = 0;
  for (unsigned bit = 0; bit < InodeNumbers::kDeviceBits; ++bit) {
    reversed = reversed << 1 | (k >> bit & 1);
  }
  return reversed << InodeNumbers::kInodeBits;
}

}  // namespace

absl::StatusOr<uint64_t> InodeNumbers::NumberOf(uint64_t device, uint64_t inode) {
  MutexLock lock(mutex_);
  // Inode 0 is wide on every device: in the first region its number would be 0, which readdir(3)
  // takes for a deleted name.
  if (inode != 0 && inode >> kInodeBits == 0) {
    auto found = devices_.find(device);
    if (found == devices_.end() && devices_.size() < kDevicesMax) {
      found = devices_.emplace(device, RegionOf(devices_.size())).first;
    }
    if (found != devices_.end()) return found->second ^ inode;
  }
  const std::pair<uint64_t, uint64_t> key(device, inode);
  if (const auto found = wide_.find(key); found != wide_.end()) {
    return RegionOf(kDevicesMax) ^ found->second;
  }
  if (wide_.size() >= wide_inodes_max_) {
    return ErrnoStatus(EOVERFLOW, absl::StrCat("number inode ", inode, " of device ", device,
                                               ": InodeNumbers::kWideInodesMax reached"));
  }
  const uint64_t ordinal = wide_.size() + 1;
  wide_.emplace(key, ordinal);
  return RegionOf(kDevicesMax) ^ ordinal;
}

}  // namespace coppice
