#include "bench/slow_file_system.h"

#include "absl/time/clock.h"
#include "bench/store_counters.h"

namespace coppice {
namespace {

class SlowFileSystem final : public FuseFileSystem {
 public:
  SlowFileSystem(FuseFileSystem& base, const StoreLimits& limits, const SharedStore& store)
      : base_(base), limiter_(limits, store.queues()), counters_(store.counters()) {}

  void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) override {
    Operate(StoreOperation::kLookup);
    base_.Lookup(request, parent, name);
  }

  void GetAttributes(fuse_req_t request, fuse_ino_t node) override {
    Operate(StoreOperation::kGetattr);
    base_.GetAttributes(request, node);
  }

  void ReadLink(fuse_req_t request, fuse_ino_t node) override {
    Operate(StoreOperation::kReadlink);
    base_.ReadLink(request, node);
  }

  void Open(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) override {
    Operate(StoreOperation::kOpen);
    base_.Open(request, node, file);
  }

  void OpenDirectory(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) override {
    Operate(StoreOperation::kOpen);
    base_.OpenDirectory(request, node, file);
  }

  // To close is a message that nobody waits for.
  void Release(fuse_req_t request, fuse_file_info* file) override { base_.Release(request, file); }
  void ReleaseDirectory(fuse_req_t request, fuse_file_info* file) override {
    base_.ReleaseDirectory(request, file);
  }

  void ReadDirectory(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                     fuse_file_info* file, bool plus) override {
    Operate(StoreOperation::kReaddir);
    base_.ReadDirectory(request, node, size, offset, file, plus);
  }

  size_t Read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
              fuse_file_info* file) override {
    WaitUntil(limiter_.BytesDone(absl::Now(), size));
    const size_t count = base_.Read(request, node, size, offset, file);
    counters_.CountRead(count);
    return count;
  }

 private:
  void Operate(StoreOperation operation) {
    counters_.Count(operation);
    WaitUntil(limiter_.OperationDone(absl::Now()));
  }

  // A store that is slow is what this is for.
  static void WaitUntil(absl::Time time) { absl::SleepFor(time - absl::Now()); }

  FuseFileSystem& base_;
  StoreLimiter limiter_;
  StoreCounters& counters_;
};

}  // namespace

std::unique_ptr<FuseFileSystem> MakeSlowFileSystem(FuseFileSystem& base, const StoreLimits& limits,
                                                   const SharedStore& store) {
  return std::make_unique<SlowFileSystem>(base, limits, store);
}

}  // namespace coppice
