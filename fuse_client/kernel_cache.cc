#include "fuse_client/kernel_cache.h"

#include <cerrno>
#include <cstring>

#include "fuse_client/fuse_api.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

void LogUnexpected(const char* what, uint64_t node, int result) {
  // ENOENT: not in the cache. The rest: the mount is gone, and its caches with it.
  if (result == 0 || result == -ENOENT || result == -ENODEV || result == -ENOTCONN ||
      result == -EPERM || result == -EBADF) {
    return;
  }
  spdlog::warn("the kernel refused to {} node {}: {}", what, node, std::strerror(-result));
}

}  // namespace

void SessionKernelCache::InvalidateEntry(uint64_t parent_node, const std::string& name) {
  LogUnexpected("invalidate a name in", parent_node,
                fuse_lowlevel_notify_inval_entry(session_, parent_node, name.c_str(), name.size()));
}

void SessionKernelCache::ExpireEntry(uint64_t parent_node, const std::string& name) {
  // A kernel before 6.2 does not look at the flag, and invalidates instead.
  const int result = fuse_lowlevel_notify_expire_entry(session_, parent_node, name.c_str(),
                                                       name.size(), FUSE_LL_EXPIRE_ONLY);
  if (result == -ENOSYS || result == -EINVAL) return InvalidateEntry(parent_node, name);
  LogUnexpected("expire a name in", parent_node, result);
}

void SessionKernelCache::InvalidateNode(uint64_t node) {
  // From offset 0 to the end; a length of 0 means all.
  LogUnexpected("invalidate", node, fuse_lowlevel_notify_inval_inode(session_, node, 0, 0));
}

void SessionKernelCache::StoreFile(uint64_t node, absl::Span<const char> bytes) {
  fuse_bufvec vector = FUSE_BUFVEC_INIT(bytes.size());
  vector.buf[0].mem = const_cast<char*>(bytes.data());  // only read
  LogUnexpected("store", node,
                fuse_lowlevel_notify_store(session_, node, 0, &vector, FUSE_BUF_NO_SPLICE));
}

}  // namespace coppice
