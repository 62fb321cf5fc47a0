#include "deploy/end_to_end/dynamics/file_reading.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "common/status.h"

namespace coppice {
namespace {

constexpr size_t kReadBytes = size_t{128} << 10;

void Write(const std::string& path, const std::string& bytes, std::ios::openmode mode) {
  std::ofstream file(path, std::ios::binary | mode);
  file << bytes << std::flush;
  EXPECT_TRUE(file.good()) << path;
}

}  // namespace

absl::StatusOr<FileDescriptor> OpenForReading(const std::string& path) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoStatus(errno, "open " + path);
  return file;
}

absl::StatusOr<std::string> ReadAll(const FileDescriptor& file) {
  std::string bytes;
  std::string piece(kReadBytes, '\0');
  while (true) {
    const ssize_t count = pread(file.get(), piece.data(), piece.size(), bytes.size());
    if (count < 0) return ErrnoStatus(errno, "read");
    if (count == 0) return bytes;
    bytes.append(piece, 0, count);
  }
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  const auto file = OpenForReading(path);
  if (!file.ok()) return file.status();
  return ReadAll(*file);
}

testing::AssertionResult Reads(const std::string& path, const std::string& bytes) {
  const auto read = ReadWhole(path);
  if (!read.ok()) return testing::AssertionFailure() << path << ": " << read.status();
  if (*read == bytes) return testing::AssertionSuccess();
  const auto [ours, theirs] = std::mismatch(read->begin(), read->end(), bytes.begin(), bytes.end());
  return testing::AssertionFailure()
         << path << ": " << read->size() << " bytes instead of " << bytes.size()
         << ", other than expected from byte " << ours - read->begin();
}

absl::StatusOr<size_t> SizeOf(const std::string& path) {
  struct stat attributes = {};
  if (lstat(path.c_str(), &attributes) != 0) return ErrnoStatus(errno, "lstat " + path);
  return attributes.st_size;
}

int ErrnoOfLookup(const std::string& path) {
  struct stat attributes = {};
  return lstat(path.c_str(), &attributes) == 0 ? 0 : errno;
}

absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& path) {
  DIR* const directory = opendir(path.c_str());
  if (directory == nullptr) return ErrnoStatus(errno, "opendir " + path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  const int error_number = errno;
  closedir(directory);
  if (error_number != 0) return ErrnoStatus(error_number, "readdir " + path);
  std::sort(names.begin(), names.end());
  return names;
}

void WriteInPlace(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  Write(path, bytes, std::ios::trunc);
}

void WriteByRename(const std::string& path, const std::string& bytes) {
  const std::string made = path + ".new";
  WriteInPlace(made, bytes);
  EXPECT_EQ(rename(made.c_str(), path.c_str()), 0) << path;
}

void Append(const std::string& path, const std::string& bytes) {
  Write(path, bytes, std::ios::app);
}

std::string Pattern(char seed, size_t size) {
  std::string bytes;
  bytes.reserve(size + 16);
  // Lines of 16 bytes: the seed, and where it is.
  for (size_t line = 0; bytes.size() < size; ++line) {
    std::array<char, 17> text;
    snprintf(text.data(), text.size(), "%c%014zx\n", seed, line);
    bytes.append(text.data(), 16);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace coppice
