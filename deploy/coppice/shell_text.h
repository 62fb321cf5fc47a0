// A plan for the environment as text that a shell takes, or as JSON. Pure, thread-safe.
#ifndef COPPICE_DEPLOY_COPPICE_SHELL_TEXT_H_
#define COPPICE_DEPLOY_COPPICE_SHELL_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "deploy/coppice/path_environment.h"

namespace coppice {

// Shells whose `eval` or `source` takes the text; JSON is {"variables": {...}, "scripts": [...],
// "notes": [...]}.
enum class ShellKind { kSh, kCsh, kFish, kJson };

// For sh also bash, dash, ksh and zsh. Scripts are named for Bourne shells only.
std::string ShellText(const EnvironmentPlan& plan, ShellKind shell);

// One word of the shell, whatever bytes it has.
std::string Quoted(absl::string_view text, ShellKind shell);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_SHELL_TEXT_H_
