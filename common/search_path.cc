#include "common/search_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace coppice {

std::string FindOnSearchPath(absl::string_view program, absl::string_view search_path) {
  for (const absl::string_view folder : absl::StrSplit(search_path, ':', absl::SkipEmpty())) {
    if (folder.front() != '/') continue;
    std::string candidate = absl::StrCat(folder, "/", program);
    // One may "run" a folder, too.
    struct stat status;
    const bool is_file = stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    if (is_file && access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

}  // namespace coppice
