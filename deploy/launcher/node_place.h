// Who this machine is in the tree of a job. Blocks on the shared file system. Thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_NODE_PLACE_H_
#define COPPICE_DEPLOY_LAUNCHER_NODE_PLACE_H_

#include <string>

#include "absl/status/statusor.h"
#include "deploy/launcher/node_job.h"
#include "tree_builder/tree_place.h"

namespace coppice {

// The member of the job's tree file that this machine is: `host` when given, else by the machine's
// own names. The error says when the file cannot be read from here.
absl::StatusOr<std::string> FindOwnName(const NodeJob& job, const std::string& host);

// The place of the member `node` in tree 0. The same errors.
absl::StatusOr<TreePlace> FindOwnPlace(const NodeJob& job, const std::string& node);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_NODE_PLACE_H_
