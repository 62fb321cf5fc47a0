// What to tell a user whose module Python cannot import from the local disk: what Python said at
// last, and the Debian package that is likely to be missing. Thread-safe: a function without state.
#ifndef COPPICE_BENCH_CANNOT_IMPORT_H_
#define COPPICE_BENCH_CANNOT_IMPORT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coppice {

// `log_file` is where the traceback is.
std::string CannotImport(absl::string_view module, const std::string& log_file);

}  // namespace coppice

#endif  // COPPICE_BENCH_CANNOT_IMPORT_H_
