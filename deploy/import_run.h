// Runs the import of import_workload.h at several places at the same moment: every process is made
// first, all are released together, and each is timed from that release to its exit, interpreter
// included. Blocks. Not thread-safe.
#ifndef COPPICE_DEPLOY_IMPORT_RUN_H_
#define COPPICE_DEPLOY_IMPORT_RUN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"
#include "deploy/import_workload.h"

namespace coppice {

struct ImportPlace {
  // For errors.
  std::string who;
  // A mount point, or empty: the local disk.
  std::string prefix;
  NamespaceDescriptors namespaces;
  // What Python says when it fails is appended to it; empty: goes where our own errors go.
  std::string log_file;
};

struct ImportOutcome {
  absl::Duration wall_time;
  ImportProof proof;
};

// One outcome for each place; an error, with the name of the place and the end of its log, when one
// of the imports fails, was not from under its prefix, or the limits are reached.
absl::StatusOr<std::vector<ImportOutcome>> RunImports(
    const std::string& module, const std::vector<ImportPlace>& places,
    const std::vector<std::string>& library_directories, const WaitLimits& limits);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_IMPORT_RUN_H_
