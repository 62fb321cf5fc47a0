// A kernel cache that notes what it was told. Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_TESTING_FAKE_KERNEL_CACHE_H_
#define COPPICE_FUSE_CLIENT_TESTING_FAKE_KERNEL_CACHE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "fuse_client/kernel_cache.h"

namespace coppice {

class FakeKernelCache final : public KernelCache {
 public:
  void InvalidateEntry(uint64_t parent_node, const std::string& name) override {
    Note(absl::StrCat("invalidate ", parent_node, "/", name));
  }
  void ExpireEntry(uint64_t parent_node, const std::string& name) override {
    Note(absl::StrCat("expire ", parent_node, "/", name));
  }
  void InvalidateNode(uint64_t node) override { Note(absl::StrCat("node ", node)); }
  void StoreFile(uint64_t node, absl::Span<const char> bytes) override {
    Note(absl::StrCat("store ", node, " ", std::string(bytes.begin(), bytes.end())));
  }

  // What came since the last call, in order: "invalidate 7/name", "expire 7/name", "node 7",
  // "store 7 its bytes".
  std::vector<std::string> Take() {
    MutexLock lock(mutex_);
    return std::exchange(told_, {});
  }

 private:
  void Note(std::string what) {
    MutexLock lock(mutex_);
    told_.push_back(std::move(what));
  }

  Mutex mutex_;
  std::vector<std::string> told_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_TESTING_FAKE_KERNEL_CACHE_H_
