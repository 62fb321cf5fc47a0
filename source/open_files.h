// A few files that stay open between the reads of their blocks, so that reading a file costs one
// open, whatever the number of its blocks and of the threads that ask for them.
//
// Descriptors are few on purpose: the limit of a process is soon reached, and an open file keeps
// the backing file system from letting go of it. One that was not used for `idle_max` is closed by
// a thread of this class, which sleeps without a timeout as long as no file is open: so an idle
// peer keeps none, and needs no other's clock tick. The descriptor in use by a reader lives until
// the reader is done.
//
// Thread-safe. Get blocks while it opens, or while another thread opens the same file.
#ifndef COPPICE_SOURCE_OPEN_FILES_H_
#define COPPICE_SOURCE_OPEN_FILES_H_

#include <cstddef>
#include <list>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/file_descriptor.h"
#include "common/mutex.h"
#include "source/attributes.h"
#include "source/path.h"

namespace coppice {

// An open file, and its attributes when it was opened.
struct OpenFile {
  FileDescriptor descriptor;
  Attributes attributes;
};

struct OpenFilesOptions {
  size_t files_max = 64;
  absl::Duration idle_max = absl::Seconds(5);
};

class OpenFiles {
 public:
  using FileRef = std::shared_ptr<const OpenFile>;
  using Opener = absl::FunctionRef<absl::StatusOr<OpenFile>()>;

  // REQUIRES: `clock` outlives this; files_max > 0.
  OpenFiles(const Clock& clock, const OpenFilesOptions& options);
  // REQUIRES: no Get is running.
  ~OpenFiles();
  OpenFiles(const OpenFiles&) = delete;
  OpenFiles& operator=(const OpenFiles&) = delete;

  // The file, if it is open in that version, else what `open` gives; one thread opens, the others
  // wait for it. An error goes to the one who opened; those who waited try themselves.
  absl::StatusOr<FileRef> Get(const Path& path, const Version& version, Opener open);

  // Forgets one that turned out to have changed.
  void Drop(const Path& path, const Version& version);

  size_t Size() const;

 private:
  using Key = std::pair<Path, Version>;
  struct Entry {
    FileRef file;  // none: a thread is opening it
    absl::Time used_at;
    std::list<Key>::iterator place;  // in by_use_, once it is open
  };

  // Takes out what is too much or idle, for the caller to close without the lock.
  std::vector<FileRef> TakeSurplus() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseIdle();

  const Clock& clock_;
  const OpenFilesOptions options_;

  mutable Mutex mutex_;
  CondVar opened_;   // an entry was opened, or could not be
  CondVar changed_;  // for CloseIdle: the first file was opened, or we stop
  absl::flat_hash_map<Key, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::list<Key> by_use_ ABSL_GUARDED_BY(mutex_);  // the least recently used first
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread closer_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_OPEN_FILES_H_
