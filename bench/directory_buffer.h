// One answer to READDIR or READDIRPLUS, filled entry by entry until it is full. Not thread-safe.
#ifndef COPPICE_BENCH_DIRECTORY_BUFFER_H_
#define COPPICE_BENCH_DIRECTORY_BUFFER_H_

#include <sys/stat.h>

#include <cstddef>
#include <string>

#include "fuse_client/fuse_api.h"

namespace coppice {

class DirectoryBuffer {
 public:
  DirectoryBuffer(fuse_req_t request, size_t size, bool plus)
      : request_(request), plus_(plus), buffer_(size, '\0') {}

  // False: it does not fit any more. `next_offset` is where the kernel goes on after this entry.
  // `node` 0: in a READDIRPLUS, the kernel is told the name but no node.
  bool Add(const std::string& name, fuse_ino_t node, const struct stat& attributes,
           off_t next_offset);

  // Answers the request.
  void Reply() { fuse_reply_buf(request_, buffer_.data(), used_); }

 private:
  const fuse_req_t request_;
  const bool plus_;
  std::string buffer_;
  size_t used_ = 0;
};

// What the kernel is told of a node, to be kept.
fuse_entry_param CachedEntry(fuse_ino_t node, const struct stat& attributes);

}  // namespace coppice

#endif  // COPPICE_BENCH_DIRECTORY_BUFFER_H_
