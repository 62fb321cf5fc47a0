// What the --help of a verb says, as a value. The help itself is CLI11's, made from the options
// that the verb parses, so the manual pages and the completion made from it (manual.h) say the
// same, and nothing is written twice. Pure, thread-safe.
#ifndef COPPICE_DEPLOY_COPPICE_HELP_TEXT_H_
#define COPPICE_DEPLOY_COPPICE_HELP_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/coppice/verb.h"

namespace coppice {

struct HelpEntry {
  // "-h,--help", "--mount", "MOUNT".
  std::string names;
  // "TEXT=/tmp/me/coppice", "DIR REQUIRED"; empty for a flag.
  std::string argument;
  std::string text;

  bool operator==(const HelpEntry&) const = default;
};

struct HelpText {
  std::vector<std::string> description;
  // "launch [OPTIONS]".
  std::string usage;
  std::vector<HelpEntry> positionals;
  std::vector<HelpEntry> options;
  // The lines of what follows the options: examples, exit codes.
  std::vector<std::string> footer;
};

// INVALID_ARGUMENT for text that CLI11 would not print.
absl::StatusOr<HelpText> ParseHelpText(absl::string_view text);

// What `coppice VERB --help` prints: for the installed command, with "coppice VERB" for its name.
std::string HelpOf(const Verb& verb);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_HELP_TEXT_H_
