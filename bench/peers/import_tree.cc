#include "bench/peers/import_tree.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "bench/cannot_import.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/import_workload.h"

namespace coppice {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kImportMax = absl::Minutes(2);
constexpr absl::Duration kCopyMax = absl::Minutes(5);
constexpr char kCopy[] = "/usr/bin/cp";
constexpr absl::string_view kPackages = "/usr/lib/python3/dist-packages/";
// Prints every file that the import has loaded, one a line.
constexpr char kScript[] =
    "import importlib, sys\n"
    "importlib.import_module(sys.argv[1])\n"
    "files = {getattr(module, '__file__', None) for module in list(sys.modules.values())}\n"
    "with open('/proc/self/maps') as maps:\n"
    "    files |= {line.rstrip('\\n').split(None, 5)[-1] for line in maps}\n"
    "print('\\n'.join(file for file in files if file and file.startswith('/')))\n";

absl::StatusOr<std::string> ReadAll(int descriptor) {
  std::string text;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t now =
        pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (now < 0) return ErrnoStatus(errno, "read what the import printed");
    if (now == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(now));
  }
}

absl::StatusOr<std::vector<std::string>> LoadedFiles(const std::string& module,
                                                     const std::vector<std::string>& libraries,
                                                     const std::string& log_file,
                                                     const BenchContext& context) {
  const FileDescriptor output(memfd_create("loaded-files", MFD_CLOEXEC));
  if (!output.valid()) return ErrnoStatus(errno, "make a file for the import's output");
  auto python = ChildProcess::Start({.arguments = {kPython, "-S", "-c", kScript, module},
                                     .environment = ImportEnvironment("", libraries),
                                     .log_file = log_file,
                                     .standard_output = output.get(),
                                     .parent_death_signal = SIGKILL});
  if (!python.ok()) return python.status();
  const auto end = python->Wait(context.Limits(kImportMax));
  if (!end.ok()) return end.status();
  if (!end->success()) {
    return absl::FailedPreconditionError(CannotImport(module, log_file));
  }
  const absl::StatusOr<std::string> text = ReadAll(output.get());
  if (!text.ok()) return text.status();
  return std::vector<std::string>(absl::StrSplit(*text, '\n', absl::SkipEmpty()));
}

// The library and the links beside it that lead to it, by which the loader looks for it.
absl::Status AddLibrary(const fs::path& library, std::set<std::string>& paths) {
  std::error_code error;
  for (fs::directory_iterator entry(library.parent_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code dangling;
    if (fs::canonical(entry->path(), dangling) != library || dangling) continue;
    paths.insert(entry->path().string());
  }
  return error ? ErrnoStatus(error.value(),
                             absl::StrCat("list the libraries beside '", library.string(), "'"))
               : absl::OkStatus();
}

// With their times: Python compiles a module anew when its source is younger than what is compiled.
absl::Status Copy(const std::set<std::string>& paths, const std::string& root,
                  const BenchContext& context) {
  std::error_code error;
  fs::create_directories(root, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make '", root, "'"));
  std::vector<std::string> arguments = {kCopy, "-a", "--parents", "-t", root};
  arguments.insert(arguments.end(), paths.begin(), paths.end());
  auto program = ChildProcess::Start({.arguments = std::move(arguments),
                                      .environment = OwnEnvironment(),
                                      .parent_death_signal = SIGKILL});
  if (!program.ok()) return program.status();
  const auto end = program->Wait(context.Limits(kCopyMax));
  if (!end.ok()) return end.status();
  if (end->success()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("cp into '", root, "' ", end->Describe()));
}

}  // namespace

absl::Status CopyImportTree(const std::string& module, const std::string& root,
                            const BenchContext& context) {
  const std::vector<std::string> libraries = LibraryDirectories();
  const auto files = LoadedFiles(module, libraries, root + ".log", context);
  if (!files.ok()) return files.status();
  std::set<std::string> paths;
  for (const std::string& file : *files) {
    absl::string_view below = file;
    if (absl::ConsumePrefix(&below, kPackages)) {
      // The whole package; or the module that is no package.
      paths.insert(absl::StrCat(kPackages, below.substr(0, below.find('/'))));
      continue;
    }
    const std::string directory = fs::path(file).parent_path().string();
    if (std::find(libraries.begin(), libraries.end(), directory) == libraries.end()) continue;
    if (absl::Status added = AddLibrary(file, paths); !added.ok()) return added;
  }
  return Copy(paths, root, context);
}

}  // namespace coppice
