#include "bench/hop/tar_walk.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/hop/costed_run.h"
#include "bench/hop/mounted_walk.h"
#include "bench/scratch_directory.h"
#include "deploy/table.h"

namespace coppice {

absl::Status CheckMemoryDirectory(const std::string& memory, uint64_t bytes, size_t files) {
  struct statfs found = {};
  if (statfs(memory.c_str(), &found) != 0) {
    return absl::NotFoundError(absl::StrCat("'", memory, "': ", strerror(errno)));
  }
  if (found.f_type != TMPFS_MAGIC && found.f_type != RAMFS_MAGIC) {
    return absl::NotFoundError(absl::StrCat("'", memory, "' is not in memory"));
  }
  // Of 0 blocks or inodes: it has no limit.
  const uint64_t free_bytes = uint64_t{found.f_bavail} * static_cast<uint64_t>(found.f_bsize);
  if (found.f_blocks > 0 && free_bytes < bytes) {
    return absl::NotFoundError(absl::StrCat("'", memory, "' has room for ", FormatBytes(free_bytes),
                                            " of ", FormatBytes(bytes)));
  }
  if (found.f_files > 0 && found.f_ffree < files) {
    return absl::NotFoundError(absl::StrCat("'", memory, "' has room for ",
                                            FormatCount(found.f_ffree), " of ", FormatCount(files),
                                            " files"));
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Duration> TimeTarWalk(TarStreamOptions stream, const std::string& memory,
                                           uint64_t bytes, const BenchContext& context) {
  const absl::StatusOr<ScratchDirectory> unpacked = ScratchDirectory::Make(memory);
  if (!unpacked.ok()) return unpacked.status();
  stream.unpack_into = unpacked->path();
  // Its processes have ended when it returns.
  const absl::StatusOr<absl::Duration> streamed = TimeTarStream(stream, context);
  if (!streamed.ok()) return streamed.status();
  CostedRun without_costs;
  const auto walked = without_costs.Measure({}, [&] { return WalkFiles(unpacked->path(), bytes); });
  if (!walked.ok()) return walked.status();
  return *streamed + *walked;
}

}  // namespace coppice
