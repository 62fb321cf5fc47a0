// Text as one word of a POSIX shell, whatever bytes it has but 0 (POSIX.1-2017, Shell Command
// Language, section 2.2.2). Pure, thread-safe.
#ifndef COPPICE_DEPLOY_SHELL_WORD_H_
#define COPPICE_DEPLOY_SHELL_WORD_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coppice {

// In single quotes.
std::string ShellQuoted(absl::string_view text);

// The same, but as it is where a shell would not change it: for command lines that people read.
std::string ShellWord(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_SHELL_WORD_H_
