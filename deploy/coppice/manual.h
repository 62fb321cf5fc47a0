// Manual pages (man(7)) and bash completion, made from what --help says. Pure, thread-safe.
#ifndef COPPICE_DEPLOY_COPPICE_MANUAL_H_
#define COPPICE_DEPLOY_COPPICE_MANUAL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "deploy/coppice/help_text.h"

namespace coppice {

struct VerbHelp {
  std::string name;
  std::string summary;
  HelpText help;
};

// coppice-VERB(1). `others` are named at its end.
std::string VerbPage(const VerbHelp& verb, const std::vector<VerbHelp>& others,
                     absl::string_view version);

// coppice(1).
std::string CommandPage(const std::vector<VerbHelp>& verbs, absl::string_view version);

std::string BashCompletion(const std::vector<VerbHelp>& verbs);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_MANUAL_H_
