// Waits until the nodes of a launch are ready, by asking the root of tree 0 alone: what every other
// node has to say comes to it by the tree (Inspection.GetReadiness in proto/inspection.proto).
// Blocks. Not thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_TREE_READINESS_H_
#define COPPICE_DEPLOY_LAUNCHER_TREE_READINESS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/descriptor_wait.h"
#include "deploy/root_readiness.h"
#include "tree_builder/tree_file.h"

namespace coppice {

// For the root to answer at all, once its node has said that it was started.
inline constexpr absl::Duration kRootAskMax = absl::Seconds(15);
// How long those that have fallen silent may take to be heard again, when nothing else is waited
// for.
inline constexpr absl::Duration kLostGrace = absl::Seconds(5);

// What became of one member.
struct MemberReadiness {
  bool ready = false;
  // It was heard of, and is silent now, or is below one that is.
  bool lost = false;
  // Of one that is not ready.
  std::string reason;
};

struct TreeReadinessOptions {
  // The path of the tree's file, as the peers were given it: those of another job refuse to answer.
  std::string tree_file;
  // Who was started, by member; nobody waits for the others.
  std::vector<bool> started;
  // Ready is warm, not only proven.
  bool warm = false;
  // Is told how far they are, at most every `interval`; required.
  std::function<void(absl::string_view)> progress;
  absl::Duration interval = absl::Seconds(1);
  absl::Duration lost_grace = kLostGrace;
};

// By member of the tree file, when all who were started are ready, or nothing more is to be waited
// for: each other one has told a problem or is lost, or the limits end it (CANCELLED alone is an
// error then). A root that was reached, and does not answer for `lost_grace`, is lost with all
// below it. UNAVAILABLE when it cannot be reached at all; that names it and says what to do.
absl::StatusOr<std::vector<MemberReadiness>> AwaitTreeReadiness(const TreeFile& tree,
                                                                RootReadiness& root,
                                                                const TreeReadinessOptions& options,
                                                                const WaitLimits& limits);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_TREE_READINESS_H_
