// Attributes as the kernel wants them: struct stat, entries, timeouts. Field by field, so that what
// a field means is decided here and nowhere else. Pure but for the numbers that it hands out.
#ifndef COPPICE_FUSE_CLIENT_ATTRIBUTE_ENCODING_H_
#define COPPICE_FUSE_CLIENT_ATTRIBUTE_ENCODING_H_

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fuse_client/fuse_api.h"
#include "fuse_client/inode_numbers.h"
#include "source/attributes.h"
#include "source/file_system_statistics.h"

namespace coppice {

// "For ever", in seconds: the kernel's own limit is lower than a double's.
inline constexpr double kForeverSeconds = 10.0 * 365 * 24 * 3600;

// A timeout as libfuse takes it, at most kForeverSeconds.
double TimeoutSeconds(absl::Duration timeout);

// EOVERFLOW from InodeNumbers.
absl::StatusOr<struct stat> EncodeAttributes(const Attributes& attributes, InodeNumbers& numbers);

struct EntryTimeouts {
  double entry_seconds = 0;
  double attributes_seconds = 0;
};

// An entry for the node.
fuse_entry_param EncodeEntry(uint64_t node, const struct stat& stat, EntryTimeouts timeouts);

// "There is no such name", which the kernel may keep for so long. An error would not be kept at
// all.
fuse_entry_param EncodeMissing(double entry_seconds);

struct statvfs EncodeStatistics(const FileSystemStatistics& statistics);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_ATTRIBUTE_ENCODING_H_
