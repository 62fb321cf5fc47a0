#include "bench/cannot_import.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "deploy/log_tail.h"

namespace coppice {

std::string CannotImport(absl::string_view module, const std::string& log_file) {
  return absl::StrCat("Python cannot import ", module, " from the local disk (",
                      absl::StripAsciiWhitespace(LogTail(log_file, /*lines=*/1)),
                      "); install the Debian package python3-", module.substr(0, module.find('.')),
                      ", or name another module with --module");
}

}  // namespace coppice
