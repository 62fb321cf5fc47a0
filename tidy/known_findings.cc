#include "tidy/known_findings.h"

#include "absl/container/flat_hash_map.h"

namespace coppice {

std::vector<Finding> BeyondKnown(const std::vector<Finding>& findings,
                                 const std::vector<KnownFindings>& known) {
  absl::flat_hash_map<std::string, size_t> counts;
  for (const Finding& finding : findings) ++counts[finding.path];
  absl::flat_hash_map<std::string, size_t> allowed;
  for (const KnownFindings& file : known) allowed[file.path] = file.count_max;
  std::vector<Finding> beyond;
  for (const Finding& finding : findings) {
    if (counts[finding.path] > allowed[finding.path]) beyond.push_back(finding);
  }
  return beyond;
}

}  // namespace coppice
