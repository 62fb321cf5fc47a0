// The requests of the kernel, answered from a Source: a read-only file system for libfuse's
// low-level API.
//
// No handler blocks: each asks the source and returns; the answer, on whatever thread, replies. The
// kernel's caches do the work (long timeouts, no open, cached listings), and what they hold is kept
// honest by three things: a changed file is another node (inode_table.h), directories are watched
// (directory_watch.h), and an order to forget reaches the kernel (fuse_session.h).
//
// Every request that would change something fails with EROFS. Permissions are checked by the kernel
// (default_permissions). Thread-safe. What is virtual is what a recording one looks at
// (recording_file_system.h).
#ifndef COPPICE_FUSE_CLIENT_FILE_SYSTEM_H_
#define COPPICE_FUSE_CLIENT_FILE_SYSTEM_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/clock.h"
#include "common/in_flight.h"
#include "fuse_client/attribute_encoding.h"
#include "fuse_client/connection_io.h"
#include "fuse_client/directory_watch.h"
#include "fuse_client/files_ahead.h"
#include "fuse_client/fuse_api.h"
#include "fuse_client/inode_numbers.h"
#include "fuse_client/inode_table.h"
#include "fuse_client/kernel_cache_notifier.h"
#include "fuse_client/pending_reply.h"
#include "fuse_client/request_counters.h"
#include "fuse_client/request_turns.h"
#include "fuse_client/transient_names.h"
#include "source/source.h"

namespace coppice {

struct FileSystemOptions {
  // How long the kernel keeps names and attributes of what exists.
  absl::Duration metadata_ttl = absl::InfiniteDuration();
  // How long it keeps a name that does not exist and that nobody watches.
  absl::Duration negative_ttl = absl::Seconds(10);
  absl::Duration operation_timeout = absl::Seconds(60);
  // The mount is without `ro` (a diagnostic mode): the kernel then asks us before it refuses.
  bool read_write_mount = false;
};

// What the file system stands on. REQUIRES: all outlive it.
struct FileSystemParts {
  Source& source;
  const Clock& clock;
  InodeTable& table;
  InodeNumbers& numbers;
  DirectoryWatch& watch;
  TransientNames& transient_names;
  KernelCacheNotifier& notifier;
  RequestCounters& counters;
  InFlight& in_flight;
  const InterruptPolicy& interrupt_policy;
  FilesAhead* files_ahead = nullptr;  // may be null: the kernel then reads each file by itself
};

class FileSystem {
 public:
  // Background requests (readahead) that the kernel keeps under way at once, and from how many on
  // it counts us as congested. The kernel's own 12 and 9 would leave a fast network idle.
  static constexpr unsigned kMaxBackground = 128;
  static constexpr unsigned kCongestionThreshold = 96;

  FileSystem(FileSystemParts parts, FileSystemOptions options)
      : parts_(parts), options_(options), kept_seconds_(TimeoutSeconds(options.metadata_ttl)) {}
  virtual ~FileSystem() = default;

  // The handlers; the session's user data must be a FileSystem.
  static fuse_lowlevel_ops Operations();

  // From now on, no answer to a request that began before is kept by the kernel.
  void BeginInvalidation() { ++epoch_; }

  // file_system.cc
  void Init(fuse_conn_info* connection);
  void Statistics(fuse_req* request, uint64_t node);
  // lookups.cc
  void Lookup(fuse_req* request, uint64_t parent, const char* name);
  void Forget(uint64_t node, uint64_t lookups);
  void GetAttributes(fuse_req* request, uint64_t node);
  virtual void ReadLink(fuse_req* request, uint64_t node);
  // reads.cc
  void Open(fuse_req* request, fuse_file_info* file);
  virtual void Read(fuse_req* request, uint64_t node, size_t size, uint64_t offset);
  void Seek(fuse_req* request, uint64_t node, uint64_t offset, int whence);
  // directories.cc
  virtual void ReadDirectory(fuse_req* request, uint64_t node, size_t size, uint64_t offset,
                             bool plus);

  InitHandshake& handshake() { return handshake_; }
  RequestTurns& turns() { return turns_; }
  const FileSystemParts& parts() const { return parts_; }
  RequestContext NewContext() const;
  std::shared_ptr<PendingReply> StartReply(fuse_req* request) const;
  uint64_t epoch() const { return epoch_; }
  // For what was asked in that epoch: nothing is kept when an order to forget came meanwhile.
  EntryTimeouts TimeoutsSince(uint64_t epoch) const;
  // The kernel shall look the name up again: what it knows there is no more.
  void ExpireName(const Path& path) const;
  // The kernel shall drop what it has of the node.
  void InvalidateNode(uint64_t node) const;

 protected:
  // What the kernel is told of a name that was asked for in that epoch; no node if it is missing.
  // The entry's node has one lookup more.
  virtual absl::StatusOr<fuse_entry_param> EntryOf(uint64_t parent, Path path, uint64_t epoch,
                                                   const PathState& state);

 private:
  // Asks for the attributes of a node; `use` gets them when they are still those of the node. Else
  // the request fails: ESTALE when the path is something else by now.
  void WithAttributes(fuse_req* request, uint64_t node,
                      absl::AnyInvocable<void(PendingReply&, const Attributes&) &&> use);
  // A lookup whose answer is not at hand.
  void AskForName(fuse_req* request, uint64_t parent, Path path, uint64_t epoch);
  // The kernel did not take the entry.
  void TakeBack(const fuse_entry_param& entry);
  double MissingTimeout(uint64_t parent, const Path& path, const PathState& state);

  const FileSystemParts parts_;
  const FileSystemOptions options_;
  const double kept_seconds_;  // options_.metadata_ttl
  std::atomic<uint64_t> epoch_ = 0;
  InitHandshake handshake_;
  RequestTurns turns_;
};

// The handlers of everything that this file system refuses; refusals.cc.
void SetRefusals(fuse_lowlevel_ops& operations);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_FILE_SYSTEM_H_
