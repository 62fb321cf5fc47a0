// A directory of a benchmark's own, gone with it. What is mounted below is never touched. Not
// thread-safe.
#ifndef COPPICE_BENCH_SCRATCH_DIRECTORY_H_
#define COPPICE_BENCH_SCRATCH_DIRECTORY_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace coppice {

// Of a short one's path. The path of a unix socket has at most 107 bytes, and those of a launched
// service need about 40 below it.
inline constexpr size_t kShortScratchBytesMax = 61;

class ScratchDirectory {
 public:
  // A new one below `parent`; empty: below $TMPDIR, else /tmp. 0700.
  static absl::StatusOr<ScratchDirectory> Make(const std::string& parent = "");
  // For what is mounted or listens in it: below /tmp, where $TMPDIR is so long that the path of a
  // unix socket would no longer fit. What every path costs that is walked stays bounded, too.
  static absl::StatusOr<ScratchDirectory> MakeShort();

  ScratchDirectory(ScratchDirectory&& other) noexcept
      : path_(std::exchange(other.path_, std::string())) {}
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory();

  // Absolute, without symbolic links.
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // A new directory in it.
  absl::StatusOr<std::string> MakeDirectory(const std::string& name) const;

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_SCRATCH_DIRECTORY_H_
