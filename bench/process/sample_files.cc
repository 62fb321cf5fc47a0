#include "bench/process/sample_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

// xorshift64, G. Marsaglia, "Xorshift RNGs", 2003.
class Bytes {
 public:
  const std::vector<char>& Next(size_t count) {
    bytes_.resize(count);
    for (size_t at = 0; at < count; at += sizeof(state_)) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      std::memcpy(bytes_.data() + at, &state_, std::min(sizeof(state_), count - at));
    }
    return bytes_;
  }

 private:
  uint64_t state_ = 88'172'645'463'325'252;
  std::vector<char> bytes_;
};

absl::Status WriteFile(const std::string& path, uint64_t bytes, Bytes& content,
                       const BenchContext& context) {
  std::ofstream file(path, std::ios::binary);
  for (uint64_t left = bytes; left > 0 && file;) {
    const size_t now = std::min<uint64_t>(left, kPieceBytes);
    file.write(content.Next(now).data(), static_cast<std::streamsize>(now));
    left -= now;
    if (absl::Status status = CheckNotInterrupted(context); !status.ok()) return status;
  }
  file.close();
  return file ? absl::OkStatus() : ErrnoStatus(errno, absl::StrCat("write '", path, "'"));
}

}  // namespace

absl::Status WriteLargeFile(const std::string& path, uint64_t bytes, const BenchContext& context) {
  Bytes content;
  return WriteFile(path, bytes, content, context);
}

absl::StatusOr<size_t> WriteSmallFiles(const std::string& root, size_t files, size_t file_bytes,
                                       size_t files_per_directory, const BenchContext& context) {
  Bytes content;
  size_t directories = 0;
  for (size_t i = 0; i < files; ++i) {
    const std::string directory = absl::StrCat(root, "/directory_", i / files_per_directory);
    if (i % files_per_directory == 0) {
      std::error_code error;
      std::filesystem::create_directories(directory, error);
      if (error) return ErrnoStatus(error.value(), absl::StrCat("make '", directory, "'"));
      ++directories;
    }
    const absl::Status written =
        WriteFile(absl::StrCat(directory, "/file_", i), file_bytes, content, context);
    if (!written.ok()) return written;
  }
  return directories;
}

}  // namespace coppice
