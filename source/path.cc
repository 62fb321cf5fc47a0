#include "source/path.h"

#include <cerrno>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

// What is wrong with one component, as an errno; 0 for nothing.
int ComponentErrno(absl::string_view name) {
  if (name.empty() || name == "." || name == "..") return EINVAL;
  if (name.find('\0') != absl::string_view::npos) return EINVAL;
  if (name.find('/') != absl::string_view::npos) return EINVAL;
  if (name.size() > Path::kComponentBytesMax) return ENAMETOOLONG;
  return 0;
}

absl::Status Malformed(int error_number, absl::string_view text) {
  constexpr size_t kShownBytesMax = 200;
  return ErrnoStatus(error_number,
                     absl::StrCat("path '", absl::CHexEscape(text.substr(0, kShownBytesMax)), "'"));
}

}  // namespace

absl::StatusOr<Path> Path::Parse(absl::string_view text) {
  if (text.empty()) return Path();
  if (text.size() > kPathBytesMax) return Malformed(ENAMETOOLONG, text);
  for (absl::string_view rest = text;;) {
    const size_t slash = rest.find('/');
    if (const int error_number = ComponentErrno(rest.substr(0, slash)); error_number != 0) {
      return Malformed(error_number, text);
    }
    if (slash == absl::string_view::npos) return Path(std::string(text));
    rest.remove_prefix(slash + 1);
  }
}

absl::StatusOr<Path> Path::Child(absl::string_view name) const {
  if (const int error_number = ComponentErrno(name); error_number != 0) {
    return Malformed(error_number, name);
  }
  if (IsRoot()) return Path(std::string(name));
  const size_t size = text_.size() + 1 + name.size();
  if (size > kPathBytesMax) return Malformed(ENAMETOOLONG, text_);
  std::string text;
  text.reserve(size);
  text.append(text_).push_back('/');
  text.append(name.data(), name.size());
  return Path(std::move(text));
}

Path Path::Parent() const {
  const size_t slash = text_.rfind('/');
  return slash == std::string::npos ? Path() : Path(text_.substr(0, slash));
}

absl::string_view Path::Name() const {
  const size_t slash = text_.rfind('/');
  return absl::string_view(text_).substr(slash == std::string::npos ? 0 : slash + 1);
}

bool Path::IsWithin(const Path& ancestor) const {
  if (ancestor.IsRoot() || text_ == ancestor.text_) return true;
  return text_.size() > ancestor.text_.size() && text_[ancestor.text_.size()] == '/' &&
         absl::string_view(text_).substr(0, ancestor.text_.size()) == ancestor.text_;
}

}  // namespace coppice
