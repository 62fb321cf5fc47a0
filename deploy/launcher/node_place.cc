#include "deploy/launcher/node_place.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "common/own_host_name.h"
#include "common/status.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

absl::StatusOr<TreeFile> ReadSharedTree(const NodeJob& job) {
  auto tree = ReadTreeFile(job.tree_file);
  if (tree.ok()) return tree;
  return Annotate(tree.status(),
                  "the tree file cannot be read here (it must lie on a file system that all nodes "
                  "share; choose one with --state_root)");
}

}  // namespace

absl::StatusOr<std::string> FindOwnName(const NodeJob& job, const std::string& host) {
  const auto tree = ReadSharedTree(job);
  if (!tree.ok()) return tree.status();
  std::vector<std::string> names;
  if (!host.empty()) names.push_back(host);
  if (std::string own = OwnHostName(); !own.empty()) names.push_back(std::move(own));
  // As Slurm calls it.
  if (const char* slurm = getenv("SLURMD_NODENAME"); slurm != nullptr) names.emplace_back(slurm);
  absl::Status last = absl::InternalError("this machine has no name");
  for (const std::string& name : names) {
    const auto place = FindPlace(*tree, name);
    if (place.ok()) return place->self.name;
    last = place.status();
  }
  return last;
}

absl::StatusOr<TreePlace> FindOwnPlace(const NodeJob& job, const std::string& node) {
  const auto tree = ReadSharedTree(job);
  if (!tree.ok()) return tree.status();
  return FindPlace(*tree, node);
}

}  // namespace coppice
