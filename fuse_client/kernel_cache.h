// What we may tell the kernel to forget, or to know (the FUSE_NOTIFY_INVAL_* and FUSE_NOTIFY_STORE
// messages of the protocol).
//
// Each call may block for as long as the kernel holds the inode that it concerns: for a name, until
// every lookup in that directory has been answered. So never call it from a FUSE request, nor from
// a callback that a request's answer may wait for: kernel_cache_notifier.h has the thread for that.
//
// A name or node that the kernel does not know is not an error, nor is a kernel that is gone:
// either way there is nothing to forget. Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_KERNEL_CACHE_H_
#define COPPICE_FUSE_CLIENT_KERNEL_CACHE_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/types/span.h"

struct fuse_session;

namespace coppice {

class KernelCache {
 public:
  virtual ~KernelCache() = default;

  // Drops a name of a directory. For negative names: a positive one may be somebody's working
  // directory or a mount point, which this would throw out.
  virtual void InvalidateEntry(uint64_t parent_node, const std::string& name) = 0;
  // The next use of the name looks it up again; who is inside stays.
  virtual void ExpireEntry(uint64_t parent_node, const std::string& name) = 0;
  // Drops a node's attributes and all its pages: for a directory, the names it listed.
  virtual void InvalidateNode(uint64_t node) = 0;
  // Gives it all bytes of a file, so that it need not read them. Waits for a READ of the same
  // pages.
  virtual void StoreFile(uint64_t node, absl::Span<const char> bytes) = 0;
};

// The kernel behind a session of libfuse.
class SessionKernelCache final : public KernelCache {
 public:
  // REQUIRES: the session outlives every call.
  void Attach(fuse_session* session) { session_ = session; }

  void InvalidateEntry(uint64_t parent_node, const std::string& name) override;
  void ExpireEntry(uint64_t parent_node, const std::string& name) override;
  void InvalidateNode(uint64_t node) override;
  void StoreFile(uint64_t node, absl::Span<const char> bytes) override;

 private:
  std::atomic<fuse_session*> session_ = nullptr;
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_KERNEL_CACHE_H_
