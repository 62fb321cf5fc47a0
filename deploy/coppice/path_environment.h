// Which variables of the environment must change so that a program reads a directory through a
// mount: PYTHONPATH, what `conda activate` sets, LD_LIBRARY_PATH or PATH; one of them, found out by
// looking at the directory. Looks at files, changes nothing. Thread-safe: functions.
#ifndef COPPICE_DEPLOY_COPPICE_PATH_ENVIRONMENT_H_
#define COPPICE_DEPLOY_COPPICE_PATH_ENVIRONMENT_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/coppice/running_services.h"

namespace coppice {

enum class PathKind {
  // DIR/conda-meta.
  kConda,
  // DIR is a directory of Python packages, or has one (a virtual environment, a --prefix).
  kPython,
  // DIR has shared objects, or DIR/lib has.
  kLibraries,
  // DIR/bin.
  kPrograms,
};

// "conda", "python", "lib", "path".
absl::string_view KindName(PathKind kind);
std::optional<PathKind> KindOfName(absl::string_view name);

struct VariableChange {
  std::string name;
  std::string value;

  bool operator==(const VariableChange&) const = default;
};

struct EnvironmentPlan {
  // Each with its whole new value, in the order of DIR's own.
  std::vector<VariableChange> variables;
  // Scripts of Bourne shells that an activation runs, as seen through the mount.
  std::vector<std::string> scripts;
  // What the user should know: links that were followed, links that leave the mount, what else DIR
  // has.
  std::vector<std::string> notes;
};

// The value of a variable now; nullopt: it is not set.
using EnvironmentNow = std::function<std::optional<std::string>(const std::string& name)>;

// `directory` is absolute. Without `kinds`, the first of conda, python, lib and path that fits.
// An error says what is missing. Nothing that is not there through the mount is ever named.
absl::StatusOr<EnvironmentPlan> PlanEnvironment(const std::string& directory,
                                                const MountedTree& tree,
                                                const std::vector<PathKind>& kinds,
                                                const EnvironmentNow& now);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_PATH_ENVIRONMENT_H_
