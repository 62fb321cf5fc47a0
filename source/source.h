// Source: a place to read a read-only tree from.
//
// Everything that answers is a Source: the backing file system (PosixSource), a remote peer
// (PeerSource) and every layer on top of one (caching, single flight, prefetching, metering). A
// peer is a stack of them; the parent in the tree and the child are the same idea on both sides of
// a wire.
//
// Contract, which source/testing/source_conformance.h checks for every implementation:
//  - Thread-safe.
//  - Never blocks the caller. `done` runs exactly once, on any thread, possibly before the call
//  returns.
//    A caller must not hold a lock that `done` takes.
//  - The destructor may run once every `done` has run; not before.
//  - An error is a status that carries the backing file system's errno (common/status.h). Errors
//  may
//    differ from one call to the next, and are never remembered; only answers are.
//  - The returned bytes of a block are of the version that its key names, whole, or the call fails:
//    ESTALE when the file has another version now.
#ifndef COPPICE_SOURCE_SOURCE_H_
#define COPPICE_SOURCE_SOURCE_H_

#include <cstdint>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "source/attributes.h"
#include "source/block.h"
#include "source/extent_kind.h"
#include "source/file_system_statistics.h"
#include "source/listing.h"
#include "source/path.h"
#include "source/request_context.h"

namespace coppice {

template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

class Source {
 public:
  virtual ~Source() = default;

  // As lstat(2), with the target of a symbolic link. A path that does not exist is a PathState
  // without attributes; ENOTDIR, EACCES and all else are errors.
  virtual void GetAttributes(const Path& path, const RequestContext& context,
                             Done<PathState> done) = 0;

  // One page of a directory. A directory too large for the page gives bits_needed (listing.h).
  // ENOENT, ENOTDIR, EACCES, ... EINVAL for a page that cannot be.
  virtual void ReadDirectory(const Path& path, const DirectoryPage& page,
                             const RequestContext& context, Done<ListingRef> done) = 0;

  // The block, exactly key.LengthBytes() long. EINVAL when that is 0; ESTALE as above; ENOENT,
  // EACCES, EISDIR, ... Only regular files have blocks: EINVAL for the rest.
  virtual void ReadBlock(const BlockKey& key, const RequestContext& context,
                         Done<BlockRef> done) = 0;

  // As lseek(2): the first offset, not before `offset`, of data (a hole) in that version of a file;
  // the end of the file is a hole. ENXIO at or beyond the end, and when no data comes any more;
  // ESTALE as above; ENOENT, EACCES, ... EINVAL for what is no regular file.
  virtual void FindExtent(const Path& path, const Version& version, uint64_t offset,
                          ExtentKind kind, const RequestContext& context, Done<uint64_t> done) = 0;

  // As statvfs(3).
  virtual void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                                       Done<FileSystemStatistics> done) = 0;

  // The two below look into memory, on the caller's thread, and ask nobody: an answer that is at
  // hand needs no callback. They say what the calls above would, with the same limits of age; or
  // nothing, and then the caller makes the call. The default has nothing at hand. A layer that
  // changes answers, or limits their age, overrides them as it does the calls.

  // What GetAttributes would answer at once for a name in this directory.
  virtual std::optional<PathState> FindAttributes(const Path& /*directory*/,
                                                  absl::string_view /*name*/,
                                                  absl::Duration /*age_max*/) {
    return std::nullopt;
  }
  // What ReadDirectory would answer at once for all of it in one page and for any_age; else
  // nullptr.
  virtual ListingRef FindListing(const Path& /*directory*/) { return nullptr; }
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_SOURCE_H_
