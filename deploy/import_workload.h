// The program of the demo: Debian's Python imports one module, with its packages and shared
// libraries from under a prefix: a mount, or nothing for the local disk. Python itself and its
// standard library stay local; LD_LIBRARY_PATH makes all shared libraries, libc among them, come
// from the prefix.
//
// Always /usr/bin/python3: the modules of Debian belong to it, not to a Python that is first in
// PATH. Thread-safe: functions without state.
#ifndef COPPICE_DEPLOY_IMPORT_WORKLOAD_H_
#define COPPICE_DEPLOY_IMPORT_WORKLOAD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

inline constexpr char kPython[] = "/usr/bin/python3";
// Where Debian's packages put their modules.
inline constexpr char kPythonPackages[] = "/usr/lib/python3/dist-packages";

// What an import says of itself.
struct ImportProof {
  // The module's __file__.
  std::string module_file;
  // Files below the prefix that are mapped into the process.
  size_t mapped_files = 0;
};

// INVALID_ARGUMENT for what cannot name a module.
absl::Status CheckModuleName(absl::string_view module);

// The directories of shared libraries on this machine, without prefix. Where a library is chosen by
// Debian's alternatives (BLAS, LAPACK), the directory of the chosen one comes first: the
// alternatives themselves are links to absolute paths, which would lead out of a mount.
std::vector<std::string> LibraryDirectories();

// The command and its whole environment. `prefix` is a mount point without a final slash, or empty.
std::vector<std::string> ImportCommand(const std::string& module, const std::string& prefix);
std::vector<std::string> ImportEnvironment(const std::string& prefix,
                                           const std::vector<std::string>& library_directories);

// What ImportCommand prints. INVALID_ARGUMENT for anything else.
absl::StatusOr<ImportProof> ParseImportProof(absl::string_view output);

// That it came from the prefix: FAILED_PRECONDITION says what did not.
absl::Status CheckImportProof(const ImportProof& proof, absl::string_view prefix);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_IMPORT_WORKLOAD_H_
