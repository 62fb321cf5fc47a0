#include "bench/directory_buffer.h"

#include "bench/fuse_server.h"

namespace coppice {

bool DirectoryBuffer::Add(const std::string& name, fuse_ino_t node, const struct stat& attributes,
                          off_t next_offset) {
  char* const to = buffer_.data() + used_;
  const size_t left = buffer_.size() - used_;
  size_t needed = 0;
  if (plus_) {
    const fuse_entry_param entry = CachedEntry(node, attributes);
    needed = fuse_add_direntry_plus(request_, to, left, name.c_str(), &entry, next_offset);
  } else {
    needed = fuse_add_direntry(request_, to, left, name.c_str(), &attributes, next_offset);
  }
  if (needed > left) return false;
  used_ += needed;
  return true;
}

fuse_entry_param CachedEntry(fuse_ino_t node, const struct stat& attributes) {
  fuse_entry_param entry = {};
  entry.ino = node;
  entry.attr = attributes;
  entry.attr_timeout = kCachedSeconds;
  entry.entry_timeout = kCachedSeconds;
  return entry;
}

}  // namespace coppice
