// From statx(2) to Attributes, and the version that they make.
//
// Thread-safe: pure functions and system calls.
#ifndef COPPICE_SOURCE_POSIX_ATTRIBUTES_H_
#define COPPICE_SOURCE_POSIX_ATTRIBUTES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "source/attributes.h"

namespace coppice {

// XXH3-64 of inode, size, mtime and ctime, each in little-endian order: the same on every node.
// Never 0.
//
// Not of the device: NFS, FUSE and overlay mounts get their device number from the node that mounts
// them, and the attributes of a file come from another node's reading than its blocks do, when they
// belong to two trees. They would disagree for ever. The path is in every key beside the version.
uint64_t VersionIdOf(const Attributes& attributes);

// The id of a listing that was read at `read_at`, too soon after the directory's last change to be
// sure that a further change will be visible in its times. It differs from the plain id, so that
// the next comparison with it reads again.
uint64_t UnsettledVersionId(uint64_t version_id, absl::Time read_at);

// The attributes of `name` in an open directory (O_PATH will do), as lstat(2), with the link's
// target. Needs no permission on the file itself, and triggers no automount. `what` names it in
// errors. ENOENT when there is none such, EACCES, ...
absl::StatusOr<Attributes> StatEntry(int directory, const std::string& name,
                                     const std::string& what);

// The attributes of an open file, without a link's target.
absl::StatusOr<Attributes> StatDescriptor(int descriptor, const std::string& what);

}  // namespace coppice

#endif  // COPPICE_SOURCE_POSIX_ATTRIBUTES_H_
