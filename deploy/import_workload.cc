#include "deploy/import_workload.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace coppice {
namespace {

#if defined(__x86_64__)
constexpr char kLibraries[] = "/usr/lib/x86_64-linux-gnu";
#elif defined(__aarch64__)
constexpr char kLibraries[] = "/usr/lib/aarch64-linux-gnu";
#else
constexpr char kLibraries[] = "/usr/lib";
#endif

// Arguments: the module and the prefix. Prints what ParseImportProof reads.
constexpr char kScript[] =
    "import importlib, sys\n"
    "module = importlib.import_module(sys.argv[1])\n"
    "with open('/proc/self/maps') as maps:\n"
    "    files = {line.rstrip('\\n').split(None, 5)[-1] for line in maps}\n"
    "print(module.__file__)\n"
    "print(sum(file.startswith(sys.argv[2] + '/') for file in files))\n";

}  // namespace

absl::Status CheckModuleName(absl::string_view module) {
  const bool good = !module.empty() && !std::isdigit(static_cast<unsigned char>(module[0])) &&
                    std::all_of(module.begin(), module.end(), [](unsigned char character) {
                      return std::isalnum(character) || character == '_' || character == '.';
                    });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", module, "' cannot name a Python module; try --module=numpy"));
}

std::vector<std::string> LibraryDirectories() {
  std::vector<std::string> directories;
  for (const char* library : {"libblas.so.3", "liblapack.so.3"}) {
    std::error_code error;
    const std::filesystem::path chosen =
        std::filesystem::canonical(absl::StrCat(kLibraries, "/", library), error);
    if (error) continue;
    const std::string directory = chosen.parent_path().string();
    if (directory != kLibraries &&
        std::find(directories.begin(), directories.end(), directory) == directories.end()) {
      directories.push_back(directory);
    }
  }
  directories.push_back(kLibraries);
  return directories;
}

std::vector<std::string> ImportCommand(const std::string& module, const std::string& prefix) {
  return {kPython, "-S", "-c", kScript, module, prefix};
}

std::vector<std::string> ImportEnvironment(const std::string& prefix,
                                           const std::vector<std::string>& library_directories) {
  const std::string libraries =
      absl::StrJoin(library_directories, ":", [&](std::string* out, const std::string& directory) {
        absl::StrAppend(out, prefix, directory);
      });
  return {"PATH=/usr/bin:/bin", "HOME=/", "LANG=C.UTF-8",
          absl::StrCat("PYTHONPATH=", prefix, kPythonPackages),
          absl::StrCat("LD_LIBRARY_PATH=", libraries)};
}

absl::StatusOr<ImportProof> ParseImportProof(absl::string_view output) {
  const std::vector<absl::string_view> lines = absl::StrSplit(output, '\n');
  ImportProof proof;
  // The last line ends with a newline, too.
  if (lines.size() != 3 || lines[0].empty() || !lines[2].empty() ||
      !absl::SimpleAtoi(lines[1], &proof.mapped_files)) {
    return absl::InvalidArgumentError(absl::StrCat("the import printed '", output, "'"));
  }
  proof.module_file = std::string(lines[0]);
  return proof;
}

absl::Status CheckImportProof(const ImportProof& proof, absl::string_view prefix) {
  if (!absl::StartsWith(proof.module_file, absl::StrCat(prefix, "/"))) {
    return absl::FailedPreconditionError(absl::StrCat("the module came from '", proof.module_file,
                                                      "', not from under '", prefix, "'"));
  }
  if (proof.mapped_files == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("no shared library was mapped from under '", prefix, "'"));
  }
  return absl::OkStatus();
}

}  // namespace coppice
