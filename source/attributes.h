// What a source knows of one name: its attributes, or that there is none.
#ifndef COPPICE_SOURCE_ATTRIBUTES_H_
#define COPPICE_SOURCE_ATTRIBUTES_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace coppice {

// Names one state of one file's bytes, for ever: whatever changes them changes the version. `id`
// hashes device, inode, size, mtime and ctime; `size` stands beside it so that a reader of blocks
// knows where the file ends without asking for attributes. id 0 is no version.
struct Version {
  uint64_t id = 0;
  uint64_t size = 0;  // bytes

  friend auto operator<=>(const Version&, const Version&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const Version& version) {
    return H::combine(std::move(state), version.id, version.size);
  }
};

// The fields of stat(2) as they are on the backing file system.
struct Attributes {
  uint32_t mode = 0;  // type and permission bits, as st_mode
  uint32_t nlink = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t rdev = 0;
  uint64_t size = 0;        // bytes
  uint64_t blocks = 0;      // of 512 bytes, as st_blocks
  uint32_t block_size = 0;  // preferred I/O size, as st_blksize
  absl::Time atime;         // all to the nanosecond
  absl::Time mtime;
  absl::Time ctime;
  uint64_t device = 0;      // tells backing devices apart; means nothing else
  uint64_t inode = 0;       // unique within `device`
  Version version;          // for a directory: changes with its entries' names
  std::string link_target;  // of a symbolic link; else empty

  friend bool operator==(const Attributes&, const Attributes&) = default;
};

// An answer about a path: attributes, or nothing when the backing file system said ENOENT. Missing
// is an answer, not an error, because it may be cached and errors may not.
struct PathState {
  std::optional<Attributes> attributes;
  // When the backing file system last said so. An answer from a cache keeps the time of its
  // filling.
  absl::Time confirmed_at;
  // For a missing path that was answered from the complete listing of its directory: the version of
  // the directory then. As long as the directory has this version, the path is missing. Else no
  // version.
  Version directory_version;

  friend bool operator==(const PathState&, const PathState&) = default;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_ATTRIBUTES_H_
