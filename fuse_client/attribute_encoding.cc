#include "fuse_client/attribute_encoding.h"

#include <algorithm>

namespace coppice {

double TimeoutSeconds(absl::Duration timeout) {
  return std::clamp(absl::ToDoubleSeconds(timeout), 0.0, kForeverSeconds);
}

absl::StatusOr<struct stat> EncodeAttributes(const Attributes& attributes, InodeNumbers& numbers) {
  const absl::StatusOr<uint64_t> number = numbers.NumberOf(attributes.device, attributes.inode);
  if (!number.ok()) return number.status();
  struct stat stat = {};
  stat.st_ino = *number;
  stat.st_mode = attributes.mode;
  stat.st_nlink = attributes.nlink;
  stat.st_uid = attributes.uid;
  stat.st_gid = attributes.gid;
  stat.st_rdev = attributes.rdev;
  stat.st_size = static_cast<off_t>(attributes.size);
  stat.st_blocks = static_cast<blkcnt_t>(attributes.blocks);
  stat.st_blksize = attributes.block_size;
  stat.st_atim = absl::ToTimespec(attributes.atime);
  stat.st_mtim = absl::ToTimespec(attributes.mtime);
  stat.st_ctim = absl::ToTimespec(attributes.ctime);
  return stat;
}

fuse_entry_param EncodeEntry(uint64_t node, const struct stat& stat, EntryTimeouts timeouts) {
  fuse_entry_param entry = {};
  entry.ino = node;
  entry.attr = stat;
  entry.entry_timeout = timeouts.entry_seconds;
  entry.attr_timeout = timeouts.attributes_seconds;
  return entry;
}

fuse_entry_param EncodeMissing(double entry_seconds) {
  fuse_entry_param entry = {};
  entry.entry_timeout = entry_seconds;
  return entry;
}

struct statvfs EncodeStatistics(const FileSystemStatistics& statistics) {
  struct statvfs encoded = {};
  encoded.f_bsize = statistics.block_size;
  encoded.f_frsize = statistics.fragment_size;
  encoded.f_blocks = statistics.blocks;
  encoded.f_bfree = statistics.blocks_free;
  encoded.f_bavail = statistics.blocks_available;
  encoded.f_files = statistics.files;
  encoded.f_ffree = statistics.files_free;
  encoded.f_favail = statistics.files_available;
  encoded.f_namemax = statistics.name_bytes_max;
  encoded.f_flag = ST_RDONLY;
  return encoded;
}

}  // namespace coppice
