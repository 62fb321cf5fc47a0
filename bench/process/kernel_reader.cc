#include "bench/process/kernel_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr size_t kReadBytes = size_t{1} << 20;

absl::StatusOr<uint64_t> ReadInto(const std::string& path, std::vector<char>& buffer) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoStatus(errno, absl::StrCat("open '", path, "'"));
  uint64_t bytes = 0;
  for (;;) {
    const ssize_t now = read(file.get(), buffer.data(), buffer.size());
    if (now < 0) return ErrnoStatus(errno, absl::StrCat("read '", path, "'"));
    if (now == 0) return bytes;
    bytes += static_cast<uint64_t>(now);
  }
}

struct CloseDirectory {
  void operator()(DIR* stream) const { closedir(stream); }
};

// Calls visit(path below the root, mode) for everything, directories before what is in them.
absl::Status Visit(const std::string& root, const std::string& below, bool stat_all,
                   absl::FunctionRef<absl::Status(const std::string&, mode_t)> visit) {
  const std::string directory = absl::StrCat(root, below.empty() ? "" : "/", below);
  const std::unique_ptr<DIR, CloseDirectory> stream(opendir(directory.c_str()));
  if (stream == nullptr) return ErrnoStatus(errno, absl::StrCat("list '", directory, "'"));
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(stream.get());
    if (entry == nullptr) break;
    const absl::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = absl::StrCat(below, below.empty() ? "" : "/", name);
    mode_t mode = DTTOIF(entry->d_type);
    if (stat_all || entry->d_type == DT_UNKNOWN) {
      struct stat attributes = {};
      if (fstatat(dirfd(stream.get()), entry->d_name, &attributes, AT_SYMLINK_NOFOLLOW) != 0) {
        return ErrnoStatus(errno, absl::StrCat("stat '", root, "/", path, "'"));
      }
      mode = attributes.st_mode;
    }
    absl::Status visited = visit(path, mode);
    if (visited.ok() && S_ISDIR(mode)) visited = Visit(root, path, stat_all, visit);
    if (!visited.ok()) return visited;
  }
  if (errno != 0) return ErrnoStatus(errno, absl::StrCat("list '", directory, "'"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> ReadSequentially(const std::string& path) {
  std::vector<char> buffer(kReadBytes);
  return ReadInto(path, buffer);
}

absl::StatusOr<TreeTotals> WalkTree(const std::string& root, bool read_files) {
  TreeTotals totals = {.directories = 1};
  std::vector<char> buffer(kReadBytes);
  const absl::Status walked =
      Visit(root, "", !read_files, [&](const std::string& path, mode_t mode) -> absl::Status {
        if (S_ISDIR(mode)) ++totals.directories;
        if (!S_ISREG(mode)) {
          totals.other += S_ISDIR(mode) ? 0 : 1;
          return absl::OkStatus();
        }
        ++totals.files;
        if (!read_files) return absl::OkStatus();
        const absl::StatusOr<uint64_t> bytes = ReadInto(absl::StrCat(root, "/", path), buffer);
        if (!bytes.ok()) return bytes.status();
        totals.bytes += *bytes;
        return absl::OkStatus();
      });
  if (!walked.ok()) return walked;
  return totals;
}

absl::StatusOr<std::vector<std::string>> FilesBelow(const std::string& root) {
  std::vector<std::string> files;
  const absl::Status walked = Visit(root, "", false, [&](const std::string& path, mode_t mode) {
    if (S_ISREG(mode)) files.push_back(path);
    return absl::OkStatus();
  });
  if (!walked.ok()) return walked;
  return files;
}

absl::Status StatAll(const std::string& root, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    const std::string path = absl::StrCat(root, "/", file);
    struct stat attributes = {};
    if (lstat(path.c_str(), &attributes) != 0) {
      return ErrnoStatus(errno, absl::StrCat("stat '", path, "'"));
    }
    if (lstat(absl::StrCat(path, ".missing").c_str(), &attributes) == 0 || errno != ENOENT) {
      return absl::FailedPreconditionError(absl::StrCat("'", path, ".missing' should be missing"));
    }
  }
  return absl::OkStatus();
}

}  // namespace coppice
