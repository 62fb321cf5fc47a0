#include "deploy/log_tail.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace coppice {
namespace {

constexpr std::streamoff kTailBytesMax = 64 << 10;

}  // namespace

std::string LogTail(const std::string& path, size_t lines) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return absl::StrCat("    (there is no log at ", path, ")\n");
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTailBytesMax));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.empty()) return absl::StrCat("    (its log ", path, " is empty)\n");
  const std::vector<absl::string_view> all = absl::StrSplit(text, '\n');
  std::string tail;
  for (size_t i = all.size() - std::min(lines, all.size()); i < all.size(); ++i) {
    absl::StrAppend(&tail, "    ", all[i], "\n");
  }
  return tail;
}

absl::Status ErrorWithLog(absl::StatusCode code, absl::string_view what,
                          const std::string& log_file) {
  return absl::Status(code, absl::StrCat(what, "; the end of its log:\n", LogTail(log_file)));
}

}  // namespace coppice
