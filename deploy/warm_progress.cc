#include "deploy/warm_progress.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status.h"

namespace coppice {
namespace {

// Of one read: many lines.
constexpr size_t kPieceBytes = 512;
// Of a line: 2^64 has 20 digits.
constexpr size_t kLineBytesMax = 20;

}  // namespace

absl::Status WriteWarmedBytes(int descriptor, uint64_t bytes) {
  if (descriptor < 0) return absl::OkStatus();
  const std::string line = absl::StrCat(bytes, "\n");
  ssize_t written;
  do {
    // Less than PIPE_BUF: all or nothing (pipe(7)).
    written = write(descriptor, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written >= 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("write to --progress_fd=", descriptor));
}

absl::StatusOr<WarmedBytesReader::News> WarmedBytesReader::Read(int descriptor) {
  std::array<char, kPieceBytes> piece;
  const ssize_t count = read(descriptor, piece.data(), piece.size());
  if (count < 0 && errno == EINTR) return News{};
  if (count < 0) return ErrnoStatus(errno, "read the progress of warm");
  News news = {.closed = count == 0};
  for (const char c : absl::string_view(piece.data(), static_cast<size_t>(count))) {
    if (c != '\n' && rest_.size() < kLineBytesMax) {
      rest_ += c;
      continue;
    }
    uint64_t bytes = 0;
    if (c != '\n' || !absl::SimpleAtoi(rest_, &bytes)) {
      return absl::InvalidArgumentError(
          absl::StrCat("warm said '", rest_, "' instead of how many bytes it has read"));
    }
    news.bytes = bytes;
    rest_.clear();
  }
  return news;
}

}  // namespace coppice
