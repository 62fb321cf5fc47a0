#include "bench/scratch_directory.h"

#include <ftw.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr mode_t kOwnerOnly = 0700;
// Directories that nftw keeps open; deeper trees cost it more time.
constexpr int kOpenDirectoriesMax = 32;

int RemoveOne(const char* path, const struct stat*, int, struct FTW*) {
  // What cannot be removed stays, and the directories above it.
  (void)remove(path);
  return 0;
}

}  // namespace

absl::StatusOr<ScratchDirectory> ScratchDirectory::Make(const std::string& parent) {
  const char* const temporary = getenv("TMPDIR");
  const std::string above = !parent.empty()        ? parent
                            : temporary != nullptr ? std::string(temporary)
                                                   : "/tmp";
  std::error_code error;
  const std::filesystem::path resolved = std::filesystem::canonical(above, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("find '", above, "'"));
  std::string path = (resolved / "coppice-bench-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("make a directory in '", above, "'"));
  }
  return ScratchDirectory(std::move(path));
}

absl::StatusOr<ScratchDirectory> ScratchDirectory::MakeShort() {
  auto scratch = Make();
  if (!scratch.ok() || scratch->path().size() <= kShortScratchBytesMax) return scratch;
  return Make("/tmp");
}

ScratchDirectory::~ScratchDirectory() {
  if (path_.empty()) return;
  // FTW_MOUNT: not into other file systems.
  nftw(path_.c_str(), RemoveOne, kOpenDirectoriesMax, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

absl::StatusOr<std::string> ScratchDirectory::MakeDirectory(const std::string& name) const {
  std::string path = File(name);
  if (mkdir(path.c_str(), kOwnerOnly) != 0) {
    return ErrnoStatus(errno, absl::StrCat("make '", path, "'"));
  }
  return path;
}

}  // namespace coppice
