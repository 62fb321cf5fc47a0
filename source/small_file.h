// Which files are small: their bytes cost less than the request that brings them, so that whoever
// guesses takes them whole.
#ifndef COPPICE_SOURCE_SMALL_FILE_H_
#define COPPICE_SOURCE_SMALL_FILE_H_

#include <sys/stat.h>

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

}  // namespace coppice

#endif  // COPPICE_SOURCE_SMALL_FILE_H_
