#include "bench/memory_tree.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr size_t kPageBytes = 4096;

size_t RoundedToPages(size_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

absl::Status ReadWhole(int descriptor, char* to, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t count = read(descriptor, to + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "read");
    if (count == 0) return absl::AbortedError("it became shorter while it was read");
    done += count;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MemoryTree> MemoryTree::Load(const std::string& export_root,
                                            const std::vector<std::string>& directories) {
  MemoryTree tree;
  Node root;
  if (stat(export_root.c_str(), &root.attributes) != 0) return ErrnoStatus(errno, export_root);
  tree.nodes_.push_back(std::move(root));
  for (const std::string& directory : directories) {
    if (absl::Status status = tree.AddTree(export_root, directory); !status.ok()) return status;
  }
  if (absl::Status status = tree.ReadContents(); !status.ok()) return status;
  return tree;
}

MemoryTree::MemoryTree(MemoryTree&& other) noexcept
    : nodes_(std::move(other.nodes_)),
      names_(std::move(other.names_)),
      files_(std::move(other.files_)),
      data_(std::exchange(other.data_, nullptr)),
      data_bytes_(std::exchange(other.data_bytes_, 0)) {}

MemoryTree::~MemoryTree() {
  if (data_ != nullptr) munmap(data_, data_bytes_);
}

const MemoryTree::Node* MemoryTree::Find(uint64_t node) const {
  return node == 0 || node > nodes_.size() ? nullptr : &nodes_[node - 1];
}

uint64_t MemoryTree::Lookup(uint64_t parent, absl::string_view name) const {
  const auto found = names_.find(std::pair(parent, std::string(name)));
  return found == names_.end() ? 0 : found->second;
}

absl::string_view MemoryTree::Data(const Node& node, uint64_t offset, size_t size) const {
  const auto file_size = static_cast<uint64_t>(node.attributes.st_size);
  if (offset >= file_size) return {};
  return {data_ + node.data_offset + offset, std::min<size_t>(size, file_size - offset)};
}

// The entry may be there already, from another tree.
absl::StatusOr<uint64_t> MemoryTree::AddEntry(uint64_t parent, const std::string& name,
                                              const std::string& path) {
  if (const uint64_t known = Lookup(parent, name); known != 0) return known;
  if (nodes_.size() >= kNodesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kNodesMax, " files; choose smaller trees"));
  }
  Node node = {.parent = parent, .name = name};
  if (lstat(path.c_str(), &node.attributes) != 0) return ErrnoStatus(errno, path);
  if (S_ISLNK(node.attributes.st_mode)) {
    std::array<char, PATH_MAX> target;
    const ssize_t length = readlink(path.c_str(), target.data(), target.size());
    if (length < 0) return ErrnoStatus(errno, path);
    node.target.assign(target.data(), length);
  }
  const uint64_t number = nodes_.size() + 1;
  if (S_ISREG(node.attributes.st_mode)) files_.emplace_back(number, path);
  nodes_.push_back(std::move(node));
  nodes_[parent - 1].entries.push_back(number);
  names_.emplace(std::pair(parent, name), number);
  return number;
}

absl::Status MemoryTree::AddBelow(uint64_t directory, const std::string& path) {
  std::vector<std::pair<uint64_t, std::string>> pending = {{directory, path}};
  while (!pending.empty()) {
    const auto [above, above_path] = std::move(pending.back());
    pending.pop_back();
    std::error_code error;
    for (std::filesystem::directory_iterator entry(above_path, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string entry_path = entry->path().string();
      const auto node = AddEntry(above, entry->path().filename().string(), entry_path);
      if (!node.ok()) return node.status();
      if (S_ISDIR(nodes_[*node - 1].attributes.st_mode)) pending.emplace_back(*node, entry_path);
    }
    if (error) return ErrnoStatus(error.value(), absl::StrCat("list '", above_path, "'"));
  }
  return absl::OkStatus();
}

absl::Status MemoryTree::AddTree(const std::string& export_root, const std::string& directory) {
  uint64_t node = kRootNode;
  std::string path = export_root;
  for (const absl::string_view name : absl::StrSplit(directory, '/', absl::SkipEmpty())) {
    absl::StrAppend(&path, "/", name);
    const auto entry = AddEntry(node, std::string(name), path);
    if (!entry.ok()) return entry.status();
    node = *entry;
    if (!S_ISDIR(nodes_[node - 1].attributes.st_mode)) return ErrnoStatus(ENOTDIR, path);
  }
  return AddBelow(node, path);
}

absl::Status MemoryTree::ReadContents() {
  for (const auto& [number, path] : files_) {
    Node& node = nodes_[number - 1];
    node.data_offset = data_bytes_;
    data_bytes_ += RoundedToPages(node.attributes.st_size);
  }
  if (data_bytes_ == 0) return absl::OkStatus();
  void* const data =
      mmap(nullptr, data_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) {
    return ErrnoStatus(errno, absl::StrCat("get ", data_bytes_, " bytes of memory"));
  }
  data_ = static_cast<char*>(data);
  // Only a wish: small pages serve as well.
  (void)madvise(data_, data_bytes_, MADV_HUGEPAGE);
  for (const auto& [number, path] : files_) {
    Node& node = nodes_[number - 1];
    const FileDescriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    node.readable = file.valid();
    // The kernel lets nobody read it whom the permissions do not.
    if (!file.valid() && errno == EACCES) continue;
    if (!file.valid()) return ErrnoStatus(errno, path);
    if (absl::Status status =
            ReadWhole(file.get(), data_ + node.data_offset, node.attributes.st_size);
        !status.ok()) {
      return Annotate(status, path);
    }
  }
  files_.clear();
  return absl::OkStatus();
}

}  // namespace coppice
