// A Source over a tree in memory that the test builds and changes. It also serves as documentation
// of how to implement a Source.
//
// Every change gives new versions as a file system would: a changed file gets a new version of its
// own, a name that comes or goes gives its directory a new one. Answers are computed when the call
// is made and delivered on the caller's thread, or, while its kind is held, on the thread that
// releases them: so a test can have an answer "on its way" while the tree changes. Each call is
// recorded.
//
// Permissions are not checked: inject the error instead. Thread-safe. Misuse by the test (a path
// that cannot be, a change of what is not there) aborts.
#ifndef COPPICE_SOURCE_TESTING_MEMORY_SOURCE_H_
#define COPPICE_SOURCE_TESTING_MEMORY_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "source/source.h"

namespace coppice {

class MemorySource final : public Source {
 public:
  enum class Kind { kAttributes, kListing, kBlock, kExtent, kStatistics };

  // One call that arrived. What a kind has no use for stays as it is by default.
  struct Call {
    Kind kind = Kind::kAttributes;
    Path path;
    DirectoryPage page;
    Version version;
    uint64_t index = 0;
    RequestContext context;
  };

  // `clock` gives confirmed_at and the files' times, and must outlive this. Directories of more
  // than `entries_max` entries are read in pages.
  explicit MemorySource(const Clock& clock, size_t entries_max = kListingEntriesMax);
  // REQUIRES: nothing is held.
  ~MemorySource() override;

  // ---- Building and changing the tree. Paths are as in Path::Parse; missing parents are made.
  // ----

  void AddDirectory(absl::string_view path);
  void AddFile(absl::string_view path, absl::string_view bytes);
  // A file of any size that costs no memory: the byte at `offset` is GeneratedByte(offset).
  void AddGeneratedFile(absl::string_view path, uint64_t size);
  static char GeneratedByte(uint64_t offset);
  void AddSymlink(absl::string_view path, absl::string_view target);
  // New bytes in the same inode, as by write(2): a new version of the file.
  void Overwrite(absl::string_view path, absl::string_view bytes);
  // A new file of that name, as by rename(2): a new inode, and a new version of the directory too.
  void Replace(absl::string_view path, absl::string_view bytes);
  // With everything below it.
  void Remove(absl::string_view path);
  // `change` edits the attributes (mode, owner, times, ...); the version changes, as ctime would.
  void SetAttributes(absl::string_view path, absl::FunctionRef<void(Attributes&)> change);
  // Listings name it without attributes; GetAttributes of it fails with `error`.
  void HideAttributes(absl::string_view path, absl::Status error);
  void SetFileSystemStatistics(const FileSystemStatistics& statistics);

  // What the tree holds now, without a recorded call. Aborts when there is no such path.
  Attributes AttributesOf(absl::string_view path) const;
  BlockKey KeyOf(absl::string_view path, uint64_t index) const;

  // ---- Errors, broken bytes and holding ----

  // The next `count` calls of that kind (on that path) fail with `error`. Errors queue up.
  void FailNext(Kind kind, absl::Status error, int count = 1);
  void FailNext(Kind kind, absl::string_view path, absl::Status error, int count = 1);
  // The next block of that file has a wrong byte and the checksum of the right ones.
  void CorruptNextBlock(absl::string_view path);

  void Hold(Kind kind);
  // Delivers all held answers of that kind on this thread, in order, and holds no longer.
  void Release(Kind kind);
  // Delivers the oldest held answer, and goes on holding. REQUIRES: there is one.
  void ReleaseOne(Kind kind);
  size_t HeldCount(Kind kind) const;
  // Waits until at least `count` answers of that kind are held. Aborts after kAwaitMax.
  void AwaitHeld(Kind kind, size_t count) const;

  // ---- What was called ----

  std::vector<Call> Calls() const;
  size_t CallCount(Kind kind) const;
  size_t CallCount(Kind kind, absl::string_view path) const;
  size_t BlockCallCount(absl::string_view path, uint64_t index) const;
  void ForgetCalls();

  // ---- Source ----

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override;
  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override;
  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override;
  // Every file is all data.
  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override;
  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override;

 private:
  struct Node {
    Attributes attributes;
    std::shared_ptr<const std::string> bytes;  // of a file; none: generated
    std::set<std::string> names;               // of a directory
    absl::Status hidden;                       // not OK: why it cannot be stat'ed
    bool corrupt_next = false;
  };
  struct KindState {
    bool held = false;
    std::deque<absl::AnyInvocable<void() &&>> answers;
    std::deque<absl::Status> errors;
    std::map<Path, std::deque<absl::Status>> errors_of_path;
  };

  Node& Add(const Path& path, uint32_t mode) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Node& Find(const Path& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The content or the attributes changed: new ctime and version.
  void Touch(Node& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A name came or went.
  void TouchDirectory(const Path& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetBytes(Node& node, absl::string_view bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Records the call; the error that was injected for it, or OK.
  absl::Status Arrive(Call call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The node; nullptr when missing; ENOTDIR below what is no directory.
  absl::StatusOr<Node*> Resolve(const Path& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<PathState> MakePathState(const Path& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ListingRef> MakeListing(const Path& path, const DirectoryPage& page)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The node of a regular file in that version.
  absl::StatusOr<Node*> ResolveFile(const Path& path, const Version& version)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<BlockRef> MakeBlock(const BlockKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Runs `done` now, or holds it. Called without the lock.
  template <typename T>
  void Deliver(Kind kind, Done<T> done, absl::StatusOr<T> answer);

  const Clock& clock_;
  const size_t entries_max_;

  mutable Mutex mutex_;
  mutable CondVar held_changed_;
  std::map<Path, Node> nodes_ ABSL_GUARDED_BY(mutex_);
  FileSystemStatistics statistics_ ABSL_GUARDED_BY(mutex_);
  std::map<Kind, KindState> kinds_ ABSL_GUARDED_BY(mutex_);
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_version_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_inode_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_TESTING_MEMORY_SOURCE_H_
