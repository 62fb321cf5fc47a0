#include "source/testing/fixture_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "source/block.h"
#include "source/path.h"

namespace coppice {
namespace {

using Kind = FixtureEntry::Kind;

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = MemorySource::GeneratedByte(i);
  return bytes;
}

// A chain of directories whose deepest path has exactly kPathBytesMax bytes.
void AddDeepPath(std::vector<FixtureEntry>& tree) {
  std::string path(Path::kComponentBytesMax, 'd');
  while (path.size() < Path::kPathBytesMax - Path::kComponentBytesMax) {
    tree.push_back({path, Kind::kDirectory, ""});
    path += "/" + std::string(Path::kComponentBytesMax, 'd');
  }
  tree.push_back({path, Kind::kFile, "deep"});
}

// Paths near PATH_MAX leave no room for a prefix, so the parent is opened component by component.
absl::Status WriteEntry(int root, const FixtureEntry& entry) {
  const auto failed = [&entry] { return ErrnoStatus(errno, "make '" + entry.path + "'"); };
  const std::vector<std::string> components = absl::StrSplit(entry.path, '/');
  int directory = dup(root);
  const absl::Cleanup close_directory = [&directory] { close(directory); };
  for (size_t i = 0; i + 1 < components.size(); ++i) {
    const int next = openat(directory, components[i].c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (next < 0) return failed();
    close(directory);
    directory = next;
  }
  const char* name = components.back().c_str();
  switch (entry.kind) {
    case Kind::kDirectory:
      return mkdirat(directory, name, 0755) == 0 ? absl::OkStatus() : failed();
    case Kind::kSymlink:
      return symlinkat(entry.content.c_str(), directory, name) == 0 ? absl::OkStatus() : failed();
    case Kind::kFile:
      break;
  }
  const int file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) return failed();
  const absl::Cleanup close_file = [file] { close(file); };
  for (size_t written = 0; written < entry.content.size();) {
    const ssize_t n = write(file, entry.content.data() + written, entry.content.size() - written);
    if (n < 0) return failed();
    written += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<FixtureEntry> FixtureTree() {
  std::vector<FixtureEntry> tree = {
      {"empty_directory", Kind::kDirectory, ""},
      {"empty_file", Kind::kFile, ""},
      {"one_byte", Kind::kFile, "x"},
      {"block_less_one", Kind::kFile, Bytes(kBlockBytes - 1)},
      {"block", Kind::kFile, Bytes(kBlockBytes)},
      {"block_and_one", Kind::kFile, Bytes(kBlockBytes + 1)},
      {"ten_blocks_and_one", Kind::kFile, Bytes(10 * kBlockBytes + 1)},
      {"nested", Kind::kDirectory, ""},
      {"nested/file", Kind::kFile, "nested file"},
      {"nested/directory", Kind::kDirectory, ""},
      {"nested/directory/file", Kind::kFile, "deeper file"},
      {"nested/directory/up", Kind::kSymlink, "../file"},
      {"links", Kind::kDirectory, ""},
      {"links/dangling", Kind::kSymlink, "nowhere"},
      {"links/relative", Kind::kSymlink, "../nested/file"},
      {"links/absolute", Kind::kSymlink, "/etc/passwd"},
      {"links/to_directory", Kind::kSymlink, "../nested"},
      {"links/itself", Kind::kSymlink, "itself"},
      {"links/long", Kind::kSymlink, std::string(1000, 'l')},
      {"names", Kind::kDirectory, ""},
      {"names/" + std::string(Path::kComponentBytesMax, 'n'), Kind::kFile, "long name"},
      {"names/\xff\xfe not UTF-8", Kind::kFile, "bytes"},
      {"names/ space\nand\tnewline\\", Kind::kFile, "white"},
      {"names/...", Kind::kFile, "three dots"},
      {"many", Kind::kDirectory, ""},
  };
  for (int i = 0; i < 300; ++i) {
    tree.push_back({absl::StrCat("many/entry", i), Kind::kFile, absl::StrCat(i)});
  }
  AddDeepPath(tree);
  return tree;
}

void AddToMemory(const std::vector<FixtureEntry>& tree, MemorySource& memory) {
  for (const FixtureEntry& entry : tree) {
    switch (entry.kind) {
      case Kind::kDirectory:
        memory.AddDirectory(entry.path);
        break;
      case Kind::kFile:
        memory.AddFile(entry.path, entry.content);
        break;
      case Kind::kSymlink:
        memory.AddSymlink(entry.path, entry.content);
        break;
    }
  }
}

absl::Status WriteToDisk(const std::vector<FixtureEntry>& tree, const std::string& directory) {
  const int root = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return ErrnoStatus(errno, absl::StrCat("open ", directory));
  const absl::Cleanup close_root = [root] { close(root); };
  for (const FixtureEntry& entry : tree) {
    const absl::Status written = WriteEntry(root, entry);
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

}  // namespace coppice
