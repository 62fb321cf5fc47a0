// A tree in memory whose answers a test can hold, fail and count.
//
// Answers come at once, on the caller's thread, unless held; then they wait until Release.
// Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_TESTING_FAKE_SOURCE_H_
#define COPPICE_FUSE_CLIENT_TESTING_FAKE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "source/source.h"

namespace coppice {

class FakeSource final : public Source {
 public:
  FakeSource();
  // REQUIRES: nothing is held any more.
  ~FakeSource() override = default;

  // Each makes the path, or replaces it with a new version. The parent directory's version changes.
  void AddDirectory(const std::string& path);
  void AddFile(const std::string& path, const std::string& content);
  void AddLink(const std::string& path, const std::string& target);
  void Remove(const std::string& path);
  // Changes the attributes as they are.
  void Edit(const std::string& path, const std::function<void(Attributes&)>& edit);
  // The name is listed without attributes.
  void HideAttributes(const std::string& path);
  // Directories with more entries than this are given in pages of `bits`.
  void SetPaging(size_t entries_max, uint32_t bits);
  // Answers about missing paths carry the version of their directory.
  void SetMissingHaveVersion(bool have);

  // From now on each name is at hand: FindAttributes answers, and then calls `on_found`.
  void HaveAllAtHand(std::function<void()> on_found = [] {});

  Attributes AttributesOf(const std::string& path) const;

  // Every request from now on fails so; OK: no more.
  void FailWith(absl::Status status);
  // From now on answers wait.
  void Hold();
  // Blocks until that many requests wait.
  void WaitForHeld(size_t count);
  // Lets all that wait go, as things are now, and holds no more.
  void Release();
  // "attributes a/b", "directory a", "block a/b 0", "extent a/b 17", "statistics": since the last
  // call, in order.
  std::vector<std::string> TakeRequests();
  RequestContext last_context() const;

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

  std::optional<PathState> FindAttributes(const Path& directory, absl::string_view name,
                                          absl::Duration age_max) override;

 private:
  struct Node {
    Attributes attributes;
    std::string content;
    bool hidden = false;
  };
  using Answer = absl::AnyInvocable<void() &&>;

  void Add(const std::string& path, Node node);
  void Touch(const Path& directory) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Take(std::string request, const RequestContext& context, Answer answer);
  absl::StatusOr<PathState> StateOf(const Path& path) const;
  absl::StatusOr<ListingRef> ListingOf(const Path& path, const DirectoryPage& page) const;
  absl::StatusOr<BlockRef> BlockOf(const BlockKey& key) const;
  absl::Status failure() const;

  mutable Mutex mutex_;
  CondVar changed_;
  std::map<Path, Node> nodes_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_inode_ ABSL_GUARDED_BY(mutex_) = 100;
  uint64_t next_version_ ABSL_GUARDED_BY(mutex_) = 1000;
  size_t entries_max_ ABSL_GUARDED_BY(mutex_) = kListingEntriesMax;
  uint32_t page_bits_ ABSL_GUARDED_BY(mutex_) = 0;
  bool missing_have_version_ ABSL_GUARDED_BY(mutex_) = true;
  std::function<void()> on_found_ ABSL_GUARDED_BY(mutex_);  // none: nothing is at hand
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Answer> held_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  RequestContext last_context_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_TESTING_FAKE_SOURCE_H_
