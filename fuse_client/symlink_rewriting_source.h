// A layer that makes absolute symbolic links stay inside the mount (--rewrite_symlinks).
//
// A link to /lus/env/lib, seen through a mount at /tmp/u/coppice of export root "/", would lead out
// of the mount and past the caches; rewritten, its target is /tmp/u/coppice/lus/env/lib. Rewritten
// are absolute targets inside the export root, by whole components, in attributes and in listings;
// the size follows the new length, as lstat(2) promises. Left as they are: relative targets,
// targets outside the export root or already under the mount, targets that climb above the export
// root by "..", and targets that would become longer than a path may be.
//
// Remembers nothing. Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_SYMLINK_REWRITING_SOURCE_H_
#define COPPICE_FUSE_CLIENT_SYMLINK_REWRITING_SOURCE_H_

#include <memory>
#include <string>

#include "source/source.h"

namespace coppice {

// Both absolute and without a trailing slash, except "/".
struct SymlinkRewriting {
  std::string export_root;
  std::string mount_point;
};

// REQUIRES: `base` outlives the layer.
std::unique_ptr<Source> MakeSymlinkRewritingSource(Source& base, SymlinkRewriting rewriting);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_SYMLINK_REWRITING_SOURCE_H_
