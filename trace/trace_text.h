// The text of a trace: what is in the file that `fuse_client --record` writes.
//
//   coppice-trace 1
//   directory usr/lib
//   missing usr/lib/x.py
//   read 0 131072 usr/lib/libm.so.6
//   end 3
//
// The first line is the format and its version, the last the number of touches between (`cut`
// instead of `end` when the recorder reached its limit), so that a file that lost its end is no
// trace. A path goes to the end of its line and is bytes, not characters: a backslash and control
// characters are written as \xHH, all other bytes as they are. `.` is the export root.
//
// Pure functions, thread-safe.
#ifndef COPPICE_TRACE_TRACE_TEXT_H_
#define COPPICE_TRACE_TRACE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trace/trace.h"

namespace coppice {

// More than the largest program that was seen touches, a thousand times over.
inline constexpr size_t kTraceTouchesMax = size_t{1} << 22;

std::string TraceText(const Trace& trace);

// INVALID_ARGUMENT names the line and what is wrong with it.
absl::StatusOr<Trace> ParseTrace(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_TRACE_TRACE_TEXT_H_
