#include "deploy/end_to_end/file_bytes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr size_t kPieceBytes = size_t{128} << 10;

}  // namespace

FileDescriptor OpenToRead(const std::string& path, int further_flags) {
  return FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | further_flags));
}

absl::StatusOr<std::string> ReadAt(const FileDescriptor& file, off_t offset, size_t length) {
  std::string bytes(length, '?');
  const ssize_t size = pread(file.get(), bytes.data(), length, offset);
  if (size < 0) return ErrnoStatus(errno, absl::StrCat("read at ", offset));
  bytes.resize(size);
  return bytes;
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  const FileDescriptor file = OpenToRead(path);
  if (!file.valid()) return ErrnoStatus(errno, absl::StrCat("open '", path, "'"));
  std::string bytes;
  while (true) {
    const auto piece = ReadAt(file, static_cast<off_t>(bytes.size()), kPieceBytes);
    if (!piece.ok()) return piece.status();
    if (piece->empty()) return bytes;
    bytes += *piece;
  }
}

}  // namespace coppice
