// A trace in a file. Thread-safe: functions without state; they block on the file.
#ifndef COPPICE_TRACE_TRACE_FILE_H_
#define COPPICE_TRACE_TRACE_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trace/trace.h"

namespace coppice {

inline constexpr size_t kTraceFileBytesMax = size_t{256} << 20;

// Errors name the file, and the line where it is no trace. EFBIG beyond kTraceFileBytesMax.
absl::StatusOr<Trace> ReadTraceFile(const std::string& file);

// Whoever reads the file meanwhile sees what was there before, or all of this: it is written beside
// it, under another name, and renamed.
absl::Status WriteTraceFile(const std::string& file, const Trace& trace);

// Whether WriteTraceFile would find the place to write to; what is there stays as it is.
absl::Status CheckTraceFile(const std::string& file);

}  // namespace coppice

#endif  // COPPICE_TRACE_TRACE_FILE_H_
