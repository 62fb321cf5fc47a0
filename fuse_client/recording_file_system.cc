#include "fuse_client/recording_file_system.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "trace/trace.h"

namespace coppice {
namespace {

TouchKind KindOf(const PathState& state) {
  if (!state.attributes.has_value()) return TouchKind::kMissing;
  const uint32_t mode = state.attributes->mode;
  if (S_ISDIR(mode)) return TouchKind::kDirectory;
  if (S_ISREG(mode)) return TouchKind::kFile;
  if (S_ISLNK(mode)) return TouchKind::kLink;
  return TouchKind::kOther;
}

class RecordingFileSystem final : public FileSystem {
 public:
  RecordingFileSystem(FileSystemParts parts, FileSystemOptions options, TouchLog& log)
      : FileSystem(parts, options), log_(log) {}

  void ReadLink(fuse_req* request, uint64_t node) override {
    Record(TouchKind::kTarget, node);
    FileSystem::ReadLink(request, node);
  }

  void Read(fuse_req* request, uint64_t node, size_t size, uint64_t offset) override {
    const InodeEntryRef entry = parts().table.Find(node);
    // What lies beyond the end is asked for, but not there to be read.
    if (entry != nullptr && offset < entry->version.size) {
      log_.AddRead(entry->path, offset, std::min<uint64_t>(size, entry->version.size - offset));
    }
    FileSystem::Read(request, node, size, offset);
  }

  void ReadDirectory(fuse_req* request, uint64_t node, size_t size, uint64_t offset,
                     bool plus) override {
    Record(TouchKind::kListing, node);
    FileSystem::ReadDirectory(request, node, size, offset, plus);
  }

 protected:
  absl::StatusOr<fuse_entry_param> EntryOf(uint64_t parent, Path path, uint64_t epoch,
                                           const PathState& state) override {
    log_.Add(KindOf(state), path);
    return FileSystem::EntryOf(parent, std::move(path), epoch, state);
  }

 private:
  void Record(TouchKind kind, uint64_t node) {
    const InodeEntryRef entry = parts().table.Find(node);
    if (entry != nullptr) log_.Add(kind, entry->path);
  }

  TouchLog& log_;
};

}  // namespace

std::unique_ptr<FileSystem> MakeRecordingFileSystem(FileSystemParts parts,
                                                    FileSystemOptions options, TouchLog& log) {
  return std::make_unique<RecordingFileSystem>(parts, options, log);
}

}  // namespace coppice
