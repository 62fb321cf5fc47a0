#include "bench/passthrough_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "bench/directory_buffer.h"
#include "common/mutex.h"

namespace coppice {
namespace {

// The paths of the nodes; grows with what was looked up, as the kernel's own table does, and never
// shrinks. Thread-safe.
class NodePaths {
 public:
  explicit NodePaths(std::string root) { paths_.push_back(std::move(root)); }

  // Empty: no such node, which no call finds.
  std::string PathOf(fuse_ino_t node) const {
    MutexLock lock(mutex_);
    return node == 0 || node > paths_.size() ? std::string() : paths_[node - 1];
  }

  fuse_ino_t NodeOf(const std::string& path) {
    MutexLock lock(mutex_);
    const auto [entry, is_new] = nodes_.try_emplace(path, paths_.size() + 1);
    if (is_new) paths_.push_back(path);
    return entry->second;
  }

 private:
  mutable Mutex mutex_;
  // The node i is at i - 1.
  std::vector<std::string> paths_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, fuse_ino_t> nodes_ ABSL_GUARDED_BY(mutex_);
};

class PassthroughFileSystem final : public FuseFileSystem {
 public:
  explicit PassthroughFileSystem(std::string root) : paths_(std::move(root)) {}

  void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) override {
    const std::string path = absl::StrCat(paths_.PathOf(parent), "/", name);
    struct stat attributes;
    if (lstat(path.c_str(), &attributes) != 0) {
      if (errno == ENOENT) return ReplyMissing(request);
      return Fail(request, errno);
    }
    const fuse_entry_param entry = CachedEntry(paths_.NodeOf(path), attributes);
    fuse_reply_entry(request, &entry);
  }

  void GetAttributes(fuse_req_t request, fuse_ino_t node) override {
    struct stat attributes;
    if (lstat(paths_.PathOf(node).c_str(), &attributes) != 0) return Fail(request, errno);
    fuse_reply_attr(request, &attributes, kCachedSeconds);
  }

  void ReadLink(fuse_req_t request, fuse_ino_t node) override {
    std::array<char, PATH_MAX> target;
    const ssize_t length = readlink(paths_.PathOf(node).c_str(), target.data(), target.size() - 1);
    if (length < 0) return Fail(request, errno);
    target[length] = '\0';
    fuse_reply_readlink(request, target.data());
  }

  void Open(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) override {
    const int descriptor = open(paths_.PathOf(node).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return Fail(request, errno);
    file->fh = descriptor;
    file->keep_cache = 1;
    fuse_reply_open(request, file);
  }

  void Release(fuse_req_t request, fuse_file_info* file) override {
    close(static_cast<int>(file->fh));
    Fail(request, 0);
  }

  size_t Read(fuse_req_t request, fuse_ino_t /*node*/, size_t size, off_t offset,
              fuse_file_info* file) override {
    thread_local std::vector<char> buffer;
    if (buffer.size() < size) buffer.resize(size);
    const ssize_t count = pread(static_cast<int>(file->fh), buffer.data(), size, offset);
    if (count < 0) {
      Fail(request, errno);
      return 0;
    }
    fuse_reply_buf(request, buffer.data(), count);
    return count;
  }

  void OpenDirectory(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) override {
    DIR* const directory = opendir(paths_.PathOf(node).c_str());
    if (directory == nullptr) return Fail(request, errno);
    file->fh = reinterpret_cast<uint64_t>(directory);
    file->keep_cache = 1;
    file->cache_readdir = 1;
    fuse_reply_open(request, file);
  }

  void ReleaseDirectory(fuse_req_t request, fuse_file_info* file) override {
    closedir(reinterpret_cast<DIR*>(file->fh));
    Fail(request, 0);
  }

  // The kernel sends one of these at a time for each open directory.
  void ReadDirectory(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                     fuse_file_info* file, bool plus) override {
    DIR* const directory = reinterpret_cast<DIR*>(file->fh);
    const std::string above = paths_.PathOf(node);
    DirectoryBuffer buffer(request, size, plus);
    seekdir(directory, offset);
    while (const dirent* const entry = readdir(directory)) {
      const std::string name = entry->d_name;
      const std::string path = absl::StrCat(above, "/", name);
      struct stat attributes = {};
      attributes.st_ino = entry->d_ino;
      attributes.st_mode = DTTOIF(entry->d_type);
      fuse_ino_t child = 0;
      if (plus && name != "." && name != ".." && lstat(path.c_str(), &attributes) == 0) {
        child = paths_.NodeOf(path);
      }
      if (!buffer.Add(name, child, attributes, entry->d_off)) break;
    }
    buffer.Reply();
  }

 private:
  static void Fail(fuse_req_t request, int error) { fuse_reply_err(request, error); }

  NodePaths paths_;
};

}  // namespace

std::unique_ptr<FuseFileSystem> MakePassthroughFileSystem(std::string root) {
  return std::make_unique<PassthroughFileSystem>(std::move(root));
}

}  // namespace coppice
