// What the file system does not do: all that would change something (EROFS), and a few questions
// whose answer is always the same.
#include <cerrno>

#include "fuse_client/file_system.h"

namespace coppice {
namespace {

void Count(fuse_req_t request, RequestKind kind) {
  static_cast<FileSystem*>(fuse_req_userdata(request))->parts().counters.Count(kind);
}

// One handler for every signature.
template <typename... Arguments>
void Refuse(fuse_req_t request, Arguments...) {
  Count(request, RequestKind::kRefused);
  fuse_reply_err(request, EROFS);
}

void SetMutations(fuse_lowlevel_ops& operations) {
  operations.setattr = Refuse;
  operations.mknod = Refuse;
  operations.mkdir = Refuse;
  operations.unlink = Refuse;
  operations.rmdir = Refuse;
  operations.symlink = Refuse;
  operations.rename = Refuse;
  operations.link = Refuse;
  operations.write = Refuse;
  operations.create = Refuse;
  operations.setxattr = Refuse;
  operations.removexattr = Refuse;
  operations.fallocate = Refuse;
  operations.copy_file_range = Refuse;
}

}  // namespace

void SetRefusals(fuse_lowlevel_ops& operations) {
  SetMutations(operations);
  operations.getxattr = [](fuse_req_t request, fuse_ino_t, const char*, size_t) {
    Count(request, RequestKind::kGetxattr);
    fuse_reply_err(request, ENODATA);
  };
  operations.listxattr = [](fuse_req_t request, fuse_ino_t, size_t size) {
    Count(request, RequestKind::kListxattr);
    // Asked for the size: 0. Asked for the names: none.
    if (size == 0) {
      fuse_reply_xattr(request, 0);
    } else {
      fuse_reply_buf(request, nullptr, 0);
    }
  };
  operations.ioctl = [](fuse_req_t request, fuse_ino_t, unsigned, void*, fuse_file_info*, unsigned,
                        const void*, size_t, size_t) {
    Count(request, RequestKind::kIoctl);
    fuse_reply_err(request, ENOTTY);
  };
  // ENOSYS: the kernel does not ask again.
  operations.flush = [](fuse_req_t request, fuse_ino_t, fuse_file_info*) {
    Count(request, RequestKind::kFlush);
    fuse_reply_err(request, ENOSYS);
  };
  // There is never anything to write back.
  operations.fsync = [](fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
    Count(request, RequestKind::kFsync);
    fuse_reply_err(request, 0);
  };
  operations.fsyncdir = [](fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
    Count(request, RequestKind::kFsync);
    fuse_reply_err(request, 0);
  };
}

}  // namespace coppice
