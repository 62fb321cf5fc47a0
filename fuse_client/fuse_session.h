// A mount: a file system over a Source, its threads, and its end.
//
// It begins with MountFuse (a real mount) or ServeFuse (a socket whose other end plays the kernel,
// for tests), and ends with Shutdown, with the destructor, or from outside (fusermount3 -u).
// Thread-safe, but for the destructor.
#ifndef COPPICE_FUSE_CLIENT_FUSE_SESSION_H_
#define COPPICE_FUSE_CLIENT_FUSE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "fuse_client/directory_watch.h"
#include "fuse_client/dying_process.h"
#include "fuse_client/file_system.h"
#include "source/invalidation.h"
#include "source/source.h"
#include "trace/touch_log.h"

namespace coppice {

struct FuseSessionOptions {
  FileSystemOptions file_system;
  // Its negative_ttl and operation_timeout are those of file_system.
  DirectoryWatchOptions watch;
  // Threads that read requests; at least 1.
  unsigned threads = 4;
  bool allow_other = false;
  // More options for the mount, separated by commas, as mount(8) takes them.
  std::string mount_options;
  // False: the directories are watched only by calls of Tick.
  bool tick = true;
  // Who reads small files in order is given the next (files_ahead.h). The source then answers what
  // is asked of it as cached_only at once; never together with a touch log.
  bool give_files_ahead = false;
  InterruptPolicy interrupt_policy = IsDying;
  // Gets what the kernel asks for; nullptr: nobody does. REQUIRES: outlives the session.
  TouchLog* touch_log = nullptr;
  // Runs when the loop has ended, whoever ended it. Must not block.
  absl::AnyInvocable<void()> on_ended;
};

class FuseSession {
 public:
  virtual ~FuseSession() = default;

  // Makes our own layers forget, then the kernel; then runs `done`, once, on any thread. Blocks
  // only while very many orders wait (KernelCacheNotifier::kQueueLengthMax). Not for FUSE requests.
  virtual void Invalidate(const Invalidation& invalidation, absl::AnyInvocable<void() &&> done) = 0;

  // FUSE requests by kind, and "read_bytes".
  virtual std::map<std::string, uint64_t> Counters() const = 0;

  // One tick of the directory watch. REQUIRES: options.tick was false.
  virtual void Tick() = 0;

  // Blocks until the loop has ended.
  virtual void WaitUntilEnded() = 0;

  // Stops to take requests, waits until those under way are answered (they have deadlines), and
  // unmounts. Processes that still have files open here get ENOTCONN from then on.
  virtual void Shutdown() = 0;
};

// What the session stands on. REQUIRES: all outlive it.
struct FuseSessionParts {
  Source& source;
  const Clock& clock;
  // The layers of the source that remember; an order to forget reaches them in this order.
  std::vector<Invalidatable*> layers;
};

// EBUSY, ENOTCONN, ENOENT, ENOTDIR, EACCES, ...: the message says what to do.
absl::StatusOr<std::unique_ptr<FuseSession>> MountFuse(FuseSessionParts parts,
                                                       FuseSessionOptions options,
                                                       const std::string& mount_point);

// Takes over the descriptor, one end of a SOCK_SEQPACKET pair.
absl::StatusOr<std::unique_ptr<FuseSession>> ServeFuse(FuseSessionParts parts,
                                                       FuseSessionOptions options, int descriptor);

// The wake signal of the loop: MountFuse and ServeFuse give it a handler that does nothing.
int FuseWakeSignal();

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_FUSE_SESSION_H_
