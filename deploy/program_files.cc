#include "deploy/program_files.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr absl::string_view kInstalledPrograms = "libexec/coppice";

absl::StatusOr<std::string> FindOne(const std::string& own_program, const std::string& relative) {
  const std::filesystem::path own(own_program);
  const std::string in_runfiles = absl::StrCat(own_program, ".runfiles/coppice/", relative);
  const std::string beside = (own.parent_path().parent_path() / relative).string();
  // A program of a folder within a folder (bench/hop) has the others one higher.
  const std::string above = (own.parent_path().parent_path().parent_path() / relative).string();
  // Where the package puts them, for the command in bin/, and for themselves.
  const std::filesystem::path name = std::filesystem::path(relative).filename();
  const std::string installed =
      (own.parent_path().parent_path() / std::string(kInstalledPrograms) / name).string();
  const std::string installed_beside = (own.parent_path() / name).string();
  for (const std::string& candidate : {in_runfiles, beside, above, installed, installed_beside}) {
    // What is found is a link of Bazel's; the file behind it stays when the links are made anew.
    std::error_code error;
    const std::filesystem::path file = std::filesystem::canonical(candidate, error);
    if (!error && access(file.c_str(), X_OK) == 0) return file.string();
  }
  return absl::NotFoundError(absl::StrCat("the program ", relative, " is neither at '", in_runfiles,
                                          "' nor at '", beside, "' nor at '", installed,
                                          "'; start this with 'bazel run', which builds it, or ",
                                          "unpack the whole package again"));
}

absl::StatusOr<std::string> OwnProgram() {
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return ErrnoStatus(error.value(), "read /proc/self/exe");
  return own.string();
}

}  // namespace

absl::StatusOr<ProgramFiles> FindProgramsNear(const std::string& own_program) {
  auto peer_server = FindOne(own_program, "peer_server/peer_server");
  if (!peer_server.ok()) return peer_server.status();
  auto fuse_client = FindOne(own_program, "fuse_client/fuse_client");
  if (!fuse_client.ok()) return fuse_client.status();
  return ProgramFiles{*std::move(peer_server), *std::move(fuse_client)};
}

absl::StatusOr<ProgramFiles> FindPrograms() {
  const auto own = OwnProgram();
  if (!own.ok()) return own.status();
  return FindProgramsNear(*own);
}

absl::StatusOr<std::string> FindProgram(const std::string& relative) {
  const auto own = OwnProgram();
  if (!own.ok()) return own.status();
  return FindOne(*own, relative);
}

}  // namespace coppice
