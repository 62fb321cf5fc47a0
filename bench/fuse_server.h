// What the file systems of bench/ that are mounted share: libfuse's loop, the best flags, request
// counters, and an orderly end. The flags are those of fuse_client (its file_system.cc says why),
// so that a difference between it and them is never one of flags.
//
// The counters are read through the mount, as an extended attribute of its root.
#ifndef COPPICE_BENCH_FUSE_SERVER_H_
#define COPPICE_BENCH_FUSE_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fuse_client/fuse_api.h"

namespace coppice {

// One year: the kernel asks once.
inline constexpr double kCachedSeconds = 365 * 24 * 3600;

// Each handler answers its request, from several threads at once.
class FuseFileSystem {
 public:
  virtual ~FuseFileSystem() = default;

  virtual void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) = 0;
  virtual void GetAttributes(fuse_req_t request, fuse_ino_t node) = 0;
  virtual void ReadLink(fuse_req_t request, fuse_ino_t node) = 0;
  // Returns how many bytes it answered with, for the counters.
  virtual size_t Read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                      fuse_file_info* file) = 0;
  virtual void ReadDirectory(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                             fuse_file_info* file, bool plus) = 0;
  // Once answered with ENOSYS, the kernel never asks again, neither to open nor to close.
  virtual void Open(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
    fuse_reply_err(request, ENOSYS);
  }
  virtual void OpenDirectory(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
    fuse_reply_err(request, ENOSYS);
  }
  virtual void Release(fuse_req_t request, fuse_file_info*) { fuse_reply_err(request, 0); }
  virtual void ReleaseDirectory(fuse_req_t request, fuse_file_info*) { fuse_reply_err(request, 0); }
};

struct FuseServerOptions {
  // As the mount table calls it.
  std::string name;
  std::string mount_point;
  unsigned threads = 4;
  // False: names are listed without their attributes, so that each is looked up.
  bool readdirplus = true;
  // Is told when the mount serves (common/ready_signal.h); -1: nobody is.
  int ready_fd = -1;
};

// Mounts, serves until SIGTERM, SIGINT, SIGHUP or an unmount from outside, and unmounts.
absl::Status ServeMount(FuseFileSystem& file_system, const FuseServerOptions& options);

// A missing name, kept by the kernel.
void ReplyMissing(fuse_req_t request);

// The requests that such a mount has been sent, by kind ("LOOKUP", ...), and "read_bytes". The
// question itself is not among them. The errno of getxattr(2).
absl::StatusOr<std::map<std::string, uint64_t>> ReadRequestCounters(const std::string& mount_point);

}  // namespace coppice

#endif  // COPPICE_BENCH_FUSE_SERVER_H_
