// Which files are small: their bytes cost less than the request that brings them, so that whoever
// guesses takes them whole.
#ifndef COPPICE_SOURCE_SMALL_FILE_H_
#define COPPICE_SOURCE_SMALL_FILE_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>

#include "source/listing.h"

namespace coppice {

// A file up to this size is small.
inline constexpr uint64_t kSmallFileBytes = 128 << 10;

// A regular file that is small, and has bytes.
inline bool IsSmallFile(const Dentry& entry) {
  return entry.attributes.has_value() && S_ISREG(entry.attributes->mode) &&
         entry.attributes->version.size > 0 && entry.attributes->version.size <= kSmallFileBytes;
}

// The first small file from that index on; nullptr when there is none.
inline const Dentry* NextSmallFile(const Listing& listing, size_t index) {
  for (; index < listing.entries.size(); ++index) {
    if (IsSmallFile(listing.entries[index])) return &listing.entries[index];
  }
  return nullptr;
}

// Where all small files of a directory have so few bytes in all, the first one means all of them.
inline constexpr uint64_t kCheapDirectoryBytes = 256 << 10;

// Whether the small files of a directory are at most so many, with so many bytes in all.
inline bool SmallFilesFit(const Listing& listing, size_t files_max, uint64_t bytes_max) {
  uint64_t bytes = 0;
  size_t files = 0;
  for (const Dentry& entry : listing.entries) {
    if (!IsSmallFile(entry)) continue;
    bytes += entry.attributes->version.size;
    if (++files > files_max || bytes > bytes_max) return false;
  }
  return true;
}

}  // namespace coppice

#endif  // COPPICE_SOURCE_SMALL_FILE_H_
