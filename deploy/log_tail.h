// The end of a log file, for error messages. Thread-safe: pure functions.
#ifndef COPPICE_DEPLOY_LOG_TAIL_H_
#define COPPICE_DEPLOY_LOG_TAIL_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coppice {

inline constexpr size_t kLogTailLines = 10;

// The last lines of the file, each indented and ended by a newline; a line that says so when there
// is no file or nothing in it. Looks at no more than its last 64 KiB.
std::string LogTail(const std::string& path, size_t lines = kLogTailLines);

// An error of a program that we started: what went wrong, and the end of its log.
absl::Status ErrorWithLog(absl::StatusCode code, absl::string_view what,
                          const std::string& log_file);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LOG_TAIL_H_
