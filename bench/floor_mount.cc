// floor_mount: a FUSE file system that does as little as a FUSE file system can. Its tree is in
// memory before it is mounted; nothing is opened, no request goes anywhere. What it costs is what
// FUSE costs: the floor for everything that is mounted with it.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/directory_buffer.h"
#include "bench/fuse_server.h"
#include "bench/memory_tree.h"
#include "bench/mount_point_flag.h"
#include "deploy/table.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
constexpr unsigned kThreadsMax = 256;

class FloorFileSystem final : public FuseFileSystem {
 public:
  explicit FloorFileSystem(MemoryTree tree) : tree_(std::move(tree)) {}

  void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) override {
    const uint64_t node = tree_.Lookup(parent, name);
    if (node == 0) return ReplyMissing(request);
    const fuse_entry_param entry = CachedEntry(node, tree_.Find(node)->attributes);
    fuse_reply_entry(request, &entry);
  }

  void GetAttributes(fuse_req_t request, fuse_ino_t node) override {
    const MemoryTree::Node* const found = tree_.Find(node);
    if (found == nullptr) return Fail(request, ESTALE);
    fuse_reply_attr(request, &found->attributes, kCachedSeconds);
  }

  void ReadLink(fuse_req_t request, fuse_ino_t node) override {
    const MemoryTree::Node* const found = tree_.Find(node);
    if (found == nullptr || !S_ISLNK(found->attributes.st_mode)) return Fail(request, EINVAL);
    fuse_reply_readlink(request, found->target.c_str());
  }

  size_t Read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
              fuse_file_info* /*file*/) override {
    const MemoryTree::Node* const found = tree_.Find(node);
    if (found == nullptr || !S_ISREG(found->attributes.st_mode) || !found->readable) {
      Fail(request, EACCES);
      return 0;
    }
    const absl::string_view data = tree_.Data(*found, offset, size);
    fuse_reply_buf(request, data.data(), data.size());
    return data.size();
  }

  void ReadDirectory(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                     fuse_file_info* /*file*/, bool plus) override {
    const MemoryTree::Node* const found = tree_.Find(node);
    if (found == nullptr || !S_ISDIR(found->attributes.st_mode)) return Fail(request, ENOTDIR);
    DirectoryBuffer buffer(request, size, plus);
    // "." and ".." come first.
    const size_t count = found->entries.size() + 2;
    for (size_t i = offset; i < count; ++i) {
      const off_t next = static_cast<off_t>(i) + 1;
      if (i < 2) {
        // No node for these two: the kernel has them.
        const uint64_t which = i == 0 ? node : found->parent;
        if (!buffer.Add(i == 0 ? "." : "..", 0, tree_.Find(which)->attributes, next)) break;
        continue;
      }
      const uint64_t entry = found->entries[i - 2];
      const MemoryTree::Node& child = *tree_.Find(entry);
      if (!buffer.Add(child.name, entry, child.attributes, next)) break;
    }
    buffer.Reply();
  }

 private:
  static void Fail(fuse_req_t request, int error) { fuse_reply_err(request, error); }

  const MemoryTree tree_;
};

int Serve(const std::string& export_root, const std::vector<std::string>& directories,
          const FuseServerOptions& options) {
  auto tree = MemoryTree::Load(export_root, directories);
  absl::Status status = tree.status();
  if (tree.ok()) {
    fprintf(stderr, "floor_mount: %s in %s files\n", FormatBytes(tree->data_bytes()).c_str(),
            FormatCount(tree->node_count()).c_str());
    FloorFileSystem file_system(*std::move(tree));
    status = ServeMount(file_system, options);
  }
  if (status.ok()) return 0;
  fprintf(stderr, "floor_mount: %s\n", std::string(status.message()).c_str());
  return kExitFailure;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  coppice::FuseServerOptions options = {.name = "floor_mount"};
  std::string export_root = "/";
  std::string trees;
  CLI::App app(
      "Mounts trees that are read into memory first: the least that a FUSE file system costs. "
      "Runs\n"
      "until it is interrupted or unmounted.",
      options.name);
  app.footer(
      "Example:\n"
      "  floor_mount --tree=/usr/lib/python3:/usr/lib/x86_64-linux-gnu /tmp/floor\n"
      "      then /usr/lib/python3 is read as /tmp/floor/usr/lib/python3\n"
      "  getfattr --only-values -n user.bench.requests /tmp/floor\n"
      "      what the kernel has asked so far\n"
      "Exit codes: 0 ended, 1 something failed, 2 usage.");
  app.add_option("--tree", trees, "directories below the export root, separated by colons")
      ->required();
  app.add_option("--export_root", export_root, "what the mount point stands for")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "that answer requests")
      ->check(CLI::Range(1u, coppice::kThreadsMax))
      ->capture_default_str();
  app.add_option("--ready_fd", options.ready_fd, "is written 'ready' to when the mount serves");
  coppice::AddMountPointFlag(app, options.mount_point);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : coppice::kExitUsage;
  }
  return coppice::Serve(export_root, absl::StrSplit(trees, ':', absl::SkipEmpty()), options);
}
