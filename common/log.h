// Logging: one logger for the process, through spdlog.
//
// What is logged: changes of state (started, parent lost, parent back, stopped) and operations that
// failed on us, never a request that succeeded. Use SPDLOG's own functions (spdlog::info, warn,
// error) after StartLog.
#ifndef COPPICE_COMMON_LOG_H_
#define COPPICE_COMMON_LOG_H_

#include <string>

#include "absl/status/status.h"

namespace coppice {

struct LogOptions {
  // One of trace, debug, info, warning, error, critical, off.
  std::string level = "info";
  // Where lines go; empty: standard error.
  std::string file;
  // A log file is rotated once at this size, so that a log never fills a node's disk.
  size_t file_bytes_max = 64 << 20;
};

// Call once, at the top of main. `program` is printed in every line.
// INVALID_ARGUMENT for an unknown level, else what opening the file failed with.
absl::Status StartLog(const std::string& program, const LogOptions& options);

}  // namespace coppice

#endif  // COPPICE_COMMON_LOG_H_
