// A place in the exported tree: components below the export root, as bytes (not necessarily UTF-8).
//
// A Path is valid by construction: no empty, "." or ".." component, no NUL, no leading or trailing
// slash, each component at most kComponentBytesMax, the whole at most kPathBytesMax. So nothing
// that came over a wire can name a file above the export root. The root itself is the empty path.
//
// A value type; copying copies the string.
#ifndef COPPICE_SOURCE_PATH_H_
#define COPPICE_SOURCE_PATH_H_

#include <compare>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

class Path {
 public:
  // NAME_MAX and PATH_MAX - 1 of Linux.
  static constexpr size_t kComponentBytesMax = 255;
  static constexpr size_t kPathBytesMax = 4095;

  // The export root.
  Path() = default;

  // "a/b/c", or "" for the root. EINVAL for a component that is empty, ".", ".." or has a NUL;
  // ENAMETOOLONG beyond the limits.
  static absl::StatusOr<Path> Parse(absl::string_view text);

  // The path of an entry of this directory. Errors as in Parse; EINVAL for a name with a slash.
  absl::StatusOr<Path> Child(absl::string_view name) const;

  // REQUIRES: !IsRoot().
  Path Parent() const;
  absl::string_view Name() const;

  bool IsRoot() const { return text_.empty(); }

  // Whether this path is `ancestor` or lies below it, by whole components: "a/bc" is not within
  // "a/b".
  bool IsWithin(const Path& ancestor) const;

  const std::string& text() const { return text_; }

  friend auto operator<=>(const Path&, const Path&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const Path& path) {
    return H::combine(std::move(state), path.text_);
  }

 private:
  explicit Path(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_PATH_H_
