// The project's own files, read into memory for the rules of tidy.
//
// A rule is a pure function from files to findings, so that its test can feed it bad ones. What the
// build makes, version control and third_party are no sources of ours and are not read.
#ifndef COPPICE_TIDY_SOURCE_TREE_H_
#define COPPICE_TIDY_SOURCE_TREE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

struct SourceFile {
  // Relative to the workspace: "source/path.h".
  std::string path;
  std::string text;
};

// A broken rule. The message says what is wrong and how to mend it.
struct Finding {
  std::string path;
  // From 1; 0: the file as a whole.
  size_t line = 0;
  std::string message;

  bool operator==(const Finding&) const = default;
};

// The most files, and bytes of a file, that are read: a workspace above it is not this one.
inline constexpr size_t kSourceFilesMax = 100'000;
inline constexpr size_t kSourceFileBytesMax = 16 << 20;

// Every source file below the folder, by path. A walk, not the version control's list: that one
// leaves out the file that was just written, and does not exist in a tarball. NOT_FOUND when the
// folder has no WORKSPACE file.
absl::StatusOr<std::vector<SourceFile>> ReadSourceTree(const std::string& workspace);

// "path:line: message", one a line; empty without findings.
std::string Report(const std::vector<Finding>& findings);

// Whether the path ends so; one of several endings.
bool IsCpp(absl::string_view path);     // .h or .cc
bool IsScript(absl::string_view path);  // .sh, .py or .bzl

// "source" for "source/path.h"; empty for a file at the top.
absl::string_view FolderOf(absl::string_view path);
// "path.h" for "source/path.h".
absl::string_view FileNameOf(absl::string_view path);

}  // namespace coppice

#endif  // COPPICE_TIDY_SOURCE_TREE_H_
