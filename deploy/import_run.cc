#include "deploy/import_run.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/log_tail.h"

namespace coppice {
namespace {

// Far more than the two lines that an import prints.
constexpr size_t kOutputBytesMax = 16 << 10;

struct RunningImport {
  ChildProcess process;
  // A file in memory, to which it prints.
  FileDescriptor output;
};

absl::StatusOr<RunningImport> StartHeld(const std::string& module, const ImportPlace& place,
                                        const std::vector<std::string>& library_directories) {
  FileDescriptor output(memfd_create("import-output", MFD_CLOEXEC));
  if (!output.valid()) return ErrnoStatus(errno, "make a file for the import's output");
  auto process =
      ChildProcess::Start({.arguments = ImportCommand(module, place.prefix),
                           .environment = ImportEnvironment(place.prefix, library_directories),
                           .log_file = place.log_file,
                           .standard_output = output.get(),
                           .parent_death_signal = SIGKILL,
                           // Ctrl-C is for us, who end it, not for Python to complain about.
                           .new_session = true,
                           .held = true,
                           .namespaces = place.namespaces});
  if (!process.ok()) return process.status();
  return RunningImport{*std::move(process), std::move(output)};
}

// After the process has ended.
absl::StatusOr<ImportProof> ReadProof(RunningImport& import, const ImportPlace& place) {
  const auto end = import.process.Wait({});
  if (!end.ok()) return end.status();
  if (!end->success()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the import ", end->Describe(),
        place.log_file.empty() ? "; what it said is above"
                               : absl::StrCat("; the end of its log:\n", LogTail(place.log_file))));
  }
  std::array<char, kOutputBytesMax> buffer;
  const ssize_t count = pread(import.output.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) return ErrnoStatus(errno, "read the import's output");
  auto proof = ParseImportProof(absl::string_view(buffer.data(), count));
  if (!proof.ok()) return proof.status();
  if (absl::Status from_prefix = CheckImportProof(*proof, place.prefix); !from_prefix.ok()) {
    return from_prefix;
  }
  return proof;
}

}  // namespace

absl::StatusOr<std::vector<ImportOutcome>> RunImports(
    const std::string& module, const std::vector<ImportPlace>& places,
    const std::vector<std::string>& library_directories, const WaitLimits& limits) {
  std::vector<RunningImport> imports;
  for (const ImportPlace& place : places) {
    auto import = StartHeld(module, place, library_directories);
    if (!import.ok()) return Annotate(import.status(), place.who);
    imports.push_back(*std::move(import));
  }
  const absl::Time released_at = absl::Now();
  for (RunningImport& import : imports) {
    if (absl::Status released = import.process.Release(); !released.ok()) return released;
  }
  // Those that have ended are taken out, so that the others are what is waited for.
  std::vector<int> running;
  for (const RunningImport& import : imports) running.push_back(import.process.pid_descriptor());
  std::vector<ImportOutcome> outcomes(places.size());
  for (size_t ended_count = 0; ended_count < places.size(); ++ended_count) {
    const auto ended = WaitReadable(running, limits);
    if (!ended.ok()) {
      return Annotate(ended.status(), absl::StrCat("waiting for ", places.size() - ended_count,
                                                   " of ", places.size(), " imports"));
    }
    outcomes[*ended].wall_time = absl::Now() - released_at;
    running[*ended] = -1;
  }
  for (size_t i = 0; i < places.size(); ++i) {
    auto proof = ReadProof(imports[i], places[i]);
    if (!proof.ok()) return Annotate(proof.status(), places[i].who);
    outcomes[i].proof = *std::move(proof);
  }
  return outcomes;
}

}  // namespace coppice
