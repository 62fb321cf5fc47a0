// What warm says of a replay, in one or a few lines. Pure functions, thread-safe.
#ifndef COPPICE_DEPLOY_WARM_REPORT_H_
#define COPPICE_DEPLOY_WARM_REPORT_H_

#include <string>

#include "trace/replay.h"
#include "trace/trace.h"

namespace coppice {

// What was moved; without a newline at its end.
std::string MovedText(const ReplayReport& report);

// What does not fit the tree any more, and what the trace itself lacks: lines without a newline at
// the end; empty for nothing.
std::string MisfitText(const Trace& trace, const ReplayReport& report);

std::string ProgressText(const ReplayProgress& progress);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_WARM_REPORT_H_
