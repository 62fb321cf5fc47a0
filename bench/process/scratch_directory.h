// A directory for one run of a benchmark, in TMPDIR or /tmp: removed with all that is in it when it
// goes, and what is still mounted below it is unmounted first. Where something stays mounted, it
// stays too: nothing is ever removed through a mount. Not thread-safe.
#ifndef COPPICE_BENCH_PROCESS_SCRATCH_DIRECTORY_H_
#define COPPICE_BENCH_PROCESS_SCRATCH_DIRECTORY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace coppice {

class ScratchDirectory {
 public:
  static absl::StatusOr<ScratchDirectory> Make();

  ScratchDirectory(ScratchDirectory&& other) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory();

  // Without symbolic links.
  const std::string& path() const { return path_; }
  std::string Below(const std::string& name) const { return path_ + "/" + name; }
  // Makes it; it may be there already.
  absl::StatusOr<std::string> MakeDirectory(const std::string& name) const;

 private:
  explicit ScratchDirectory(std::string path);

  std::string path_;
};

// Unmounts the topmost mount at this path, though it may be in use (it goes once it is not): as
// root by umount2(2), else with fusermount3.
absl::Status DetachMountAt(const std::string& mount_point);

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_SCRATCH_DIRECTORY_H_
