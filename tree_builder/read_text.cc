#include "tree_builder/read_text.h"

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr size_t kPieceBytes = 64 << 10;

}  // namespace

absl::StatusOr<std::string> ReadText(FILE* stream, const std::string& name, size_t bytes_max) {
  std::string text;
  while (true) {
    const size_t length = text.size();
    text.resize(length + kPieceBytes);
    errno = 0;
    const size_t read = fread(text.data() + length, 1, kPieceBytes, stream);
    text.resize(length + read);
    if (ferror(stream) != 0) {
      return ErrnoStatus(errno > 0 ? errno : EIO, absl::StrCat("read ", name));
    }
    if (text.size() > bytes_max) {
      return absl::ResourceExhaustedError(
          absl::StrCat(name, " is longer than ", bytes_max, " bytes"));
    }
    if (feof(stream) != 0) return text;
  }
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max) {
  const std::unique_ptr<FILE, int (*)(FILE*)> stream(fopen(path.c_str(), "re"), &fclose);
  if (stream == nullptr) return ErrnoStatus(errno, absl::StrCat("open '", path, "'"));
  return ReadText(stream.get(), absl::StrCat("'", path, "'"), bytes_max);
}

}  // namespace coppice
