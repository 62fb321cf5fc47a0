// The services of this user on this machine, as their state directories have them, and the
// questions that every verb asks first: which node, which mount, which export root. Blocks, at most
// for the deadlines given. Thread-safe: functions.
#ifndef COPPICE_DEPLOY_COPPICE_RUNNING_SERVICES_H_
#define COPPICE_DEPLOY_COPPICE_RUNNING_SERVICES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "deploy/service_record.h"

namespace coppice {

// How long a peer of this machine may take to answer before it counts as one that does not.
inline constexpr absl::Duration kAnswerMax = absl::Seconds(5);

struct RunningService {
  std::string name;
  ServiceRecord record;
  // Why there is no record: it is being started or ended, or its state is damaged.
  absl::Status error;
};

// Sorted by name; none when nothing runs.
absl::StatusOr<std::vector<RunningService>> ListServices(const std::string& state_root);

// Which node of which service is meant; empty: the first that there is.
struct NodeChoice {
  std::string state_root;
  std::string service;
  std::string node;
};

// NOT_FOUND names what there is, or says how to start one.
absl::StatusOr<NodeRecord> ChooseNode(const NodeChoice& choice);

// Where a tree of files is seen: what is EXPORT_ROOT/PATH is read as MOUNT/PATH.
struct MountedTree {
  std::string mount;
  std::string export_root;
};

struct MountChoice {
  std::string state_root;
  // Absolute; empty: that of the first node of a service that shows `path`.
  std::string mount;
  // Absolute; what should be seen through the mount.
  std::string path;
  // Where launch mounts when nothing else is said: for nodes whose state is not here.
  std::string default_mount;
};

// NOT_FOUND or FAILED_PRECONDITION, with the cure, when the path is seen through no mount.
absl::StatusOr<MountedTree> ChooseMount(const MountChoice& choice);

// Whether `path` is `directory` or below it; both absolute and without "." and "..".
bool IsWithin(const std::string& path, const std::string& directory);

// What is left of a path that IsWithin a directory, relative to it; "" for the directory itself.
std::string Below(const std::string& path, const std::string& directory);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_RUNNING_SERVICES_H_
