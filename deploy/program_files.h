// Where the programs that launch starts lie: in the runfiles of the launcher, in the folders beside
// its own, as Bazel's output has them, or in PREFIX/libexec/coppice for a launcher in PREFIX/bin,
// as the package has them. Thread-safe.
#ifndef COPPICE_DEPLOY_PROGRAM_FILES_H_
#define COPPICE_DEPLOY_PROGRAM_FILES_H_

#include <string>

#include "absl/status/statusor.h"

namespace coppice {

struct ProgramFiles {
  // Absolute.
  std::string peer_server;
  std::string fuse_client;
};

// NOT_FOUND names the places that were looked at.
absl::StatusOr<ProgramFiles> FindPrograms();

// Another program, by its folder and name ("deploy/warm"), at the same places.
absl::StatusOr<std::string> FindProgram(const std::string& relative);

// The same for a launcher at `own_program`, absolute and without symbolic links.
absl::StatusOr<ProgramFiles> FindProgramsNear(const std::string& own_program);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_PROGRAM_FILES_H_
