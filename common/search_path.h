// Looks a program up as a shell does: in the folders of a text like $PATH. Thread-safe.
#ifndef COPPICE_COMMON_SEARCH_PATH_H_
#define COPPICE_COMMON_SEARCH_PATH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coppice {

// The absolute path of the first that this user may run; empty when there is none. Folders that are
// not absolute are left out: what they mean changes with the directory.
std::string FindOnSearchPath(absl::string_view program, absl::string_view search_path);

}  // namespace coppice

#endif  // COPPICE_COMMON_SEARCH_PATH_H_
