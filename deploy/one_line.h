// Text of several lines, such as the end of a log, for a place that has one. Pure, thread-safe.
#ifndef COPPICE_DEPLOY_ONE_LINE_H_
#define COPPICE_DEPLOY_ONE_LINE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coppice {

// The lines that are not empty, without the blanks around each, with " | " between them.
std::string InOneLine(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_ONE_LINE_H_
