#include "peer_server/tree_proof.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "common/status.h"
#include "tree_builder/tree_of_key.h"

namespace coppice {
namespace {

// The first failure of several parts, told when the last has ended.
class Parts {
 public:
  Parts(size_t count, absl::AnyInvocable<void(absl::Status) &&> done)
      : left_(count), done_(std::move(done)) {}

  void Ended(const absl::Status& status) {
    absl::AnyInvocable<void(absl::Status) &&> done;
    absl::Status result;
    {
      MutexLock lock(mutex_);
      if (status_.ok()) status_ = status;
      if (--left_ > 0) return;
      done = std::move(done_);
      result = status_;
    }
    std::move(done)(result);
  }

 private:
  Mutex mutex_;
  size_t left_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  absl::AnyInvocable<void(absl::Status) &&> done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

TreeProof::TreeProof(Source& top, size_t tree_count) : top_(top), probes_(tree_count) {
  const auto trees = static_cast<uint32_t>(tree_count);
  std::vector<bool> found(tree_count);
  // The export root itself, which every client has asked for.
  found[TreeOfDirectory("", trees)] = true;
  size_t left = tree_count - 1;
  // Each number finds the next tree with a chance of 1 / tree_count or better.
  for (int number = 0; left > 0; ++number) {
    const std::string directory = absl::StrCat(".coppice-proof-", number);
    const uint32_t tree = TreeOfDirectory(directory, trees);
    if (found[tree]) continue;
    found[tree] = true;
    --left;
    probes_[tree] = *Path::Parse(absl::StrCat(directory, "/name"));
  }
}

void TreeProof::Prove(absl::Time deadline, absl::AnyInvocable<void(absl::Status) &&> done) const {
  const auto parts = std::make_shared<Parts>(probes_.size(), std::move(done));
  for (size_t tree = 0; tree < probes_.size(); ++tree) {
    top_.GetAttributes(
        probes_[tree], {.deadline = deadline},
        [parts, tree](const absl::StatusOr<PathState>& state) {
          parts->Ended(Annotate(state.status(), absl::StrCat("ask the root of tree ", tree)));
        });
  }
}

}  // namespace coppice
