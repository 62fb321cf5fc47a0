// TreeProof: asks the root of each tree something through this peer's own stack, as a reader would,
// so that an answer proves the way that reads take.
//
// What is asked is a name of which the tree is the home: the export root, or a name that nobody
// has. Asked by many peers, it reaches a root once in the negative TTL: peers between answer for
// it, whose own ways were proven so.
#ifndef COPPICE_PEER_SERVER_TREE_PROOF_H_
#define COPPICE_PEER_SERVER_TREE_PROOF_H_

#include <cstddef>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "source/source.h"

namespace coppice {

// Thread-safe.
class TreeProof {
 public:
  // REQUIRES: `top` outlives this and every `done`; tree_count > 0.
  TreeProof(Source& top, size_t tree_count);

  // The first failure, naming its tree. `done` runs once, on any thread.
  void Prove(absl::Time deadline, absl::AnyInvocable<void(absl::Status) &&> done) const;

 private:
  Source& top_;
  std::vector<Path> probes_;  // by tree
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_TREE_PROOF_H_
