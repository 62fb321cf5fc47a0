// Asks a peer to make every node of its tree forget a path (proto/inspection.proto, Invalidate).
// Plain values out, so that only this file's .cc knows gRPC. Blocks, at most to the deadline.
// Thread-safe.
#ifndef COPPICE_DEPLOY_END_TO_END_DYNAMICS_INVALIDATION_CLIENT_H_
#define COPPICE_DEPLOY_END_TO_END_DYNAMICS_INVALIDATION_CLIENT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace coppice {

struct InvalidationOutcome {
  size_t nodes = 0;
  size_t mounts = 0;
  std::vector<std::string> failures;
};

// `path` is relative to the export root.
absl::StatusOr<InvalidationOutcome> AskInvalidate(const std::string& socket,
                                                  const std::string& path, bool recursive,
                                                  absl::Time deadline);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_DYNAMICS_INVALIDATION_CLIENT_H_
