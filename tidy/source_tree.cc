#include "tidy/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

namespace fs = std::filesystem;

// Shims and rules for Bazel; what Bazel makes is behind links, which are never followed.
bool IsForeign(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name == "third_party" || name == "node_modules" || name == "__pycache__" ||
         absl::StartsWith(name, ".") || absl::StartsWith(name, "bazel-");
}

bool IsSource(absl::string_view path) {
  return IsCpp(path) || IsScript(path) || absl::EndsWith(path, ".proto") ||
         absl::EndsWith(path, ".md") || FileNameOf(path) == "BUILD.bazel";
}

absl::StatusOr<std::string> ReadWhole(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) return absl::UnavailableError(absl::StrCat("cannot read ", path.string()));
  return text;
}

}  // namespace

absl::StatusOr<std::vector<SourceFile>> ReadSourceTree(const std::string& workspace) {
  std::error_code error;
  if (!fs::exists(fs::path(workspace) / "WORKSPACE", error)) {
    return absl::NotFoundError(absl::StrCat("'", workspace, "' is no workspace"));
  }
  std::vector<SourceFile> files;
  for (fs::recursive_directory_iterator entry(workspace, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_symlink()) continue;
    if (entry->is_directory()) {
      if (IsForeign(entry->path())) entry.disable_recursion_pending();
      continue;
    }
    const std::string path = fs::relative(entry->path(), workspace, error).string();
    if (error || !entry->is_regular_file() || !IsSource(path)) continue;
    if (files.size() == kSourceFilesMax || entry->file_size() > kSourceFileBytesMax) {
      return absl::ResourceExhaustedError(absl::StrCat("too much to read at ", path));
    }
    absl::StatusOr<std::string> text = ReadWhole(entry->path());
    if (!text.ok()) return text.status();
    files.push_back({.path = path, .text = *std::move(text)});
  }
  if (error) {
    return absl::UnavailableError(absl::StrCat("walk ", workspace, ": ", error.message()));
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::string Report(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    absl::StrAppend(&text, finding.path, ":", finding.line, ": ", finding.message, "\n");
  }
  return text;
}

bool IsCpp(absl::string_view path) {
  return absl::EndsWith(path, ".h") || absl::EndsWith(path, ".cc");
}

bool IsScript(absl::string_view path) {
  return absl::EndsWith(path, ".sh") || absl::EndsWith(path, ".py") || absl::EndsWith(path, ".bzl");
}

absl::string_view FolderOf(absl::string_view path) {
  const size_t slash = path.find('/');
  return slash == absl::string_view::npos ? absl::string_view() : path.substr(0, slash);
}

absl::string_view FileNameOf(absl::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace coppice
