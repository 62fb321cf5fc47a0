// A file that a benchmark writes at its end. Whether that will work can be asked before all the
// measuring. Blocks; thread-safe: functions without state.
#ifndef COPPICE_BENCH_OUTPUT_FILE_H_
#define COPPICE_BENCH_OUTPUT_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coppice {

// Whether the file can be written, as far as can be told without doing so. What is there stays as
// it is, and what is not there is not there afterwards. Errors name the file.
absl::Status CheckOutputFile(const std::string& file);

// Replaces what is there, in place: the file may be a pipe. Errors name the file.
absl::Status WriteOutputFile(const std::string& file, absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_BENCH_OUTPUT_FILE_H_
