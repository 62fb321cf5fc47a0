// What was wrong before a rule came: let pass, file by file and counted, so that it can only
// shrink. Pure, thread-safe.
#ifndef COPPICE_TIDY_KNOWN_FINDINGS_H_
#define COPPICE_TIDY_KNOWN_FINDINGS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tidy/source_tree.h"

namespace coppice {

struct KnownFindings {
  std::string path;
  // As many findings of one rule as this are let pass in the file.
  size_t count_max = 0;
};

// Without those of files that have no more findings than are known. A file with more keeps them
// all: which of them are new cannot be told.
std::vector<Finding> BeyondKnown(const std::vector<Finding>& findings,
                                 const std::vector<KnownFindings>& known);

}  // namespace coppice

#endif  // COPPICE_TIDY_KNOWN_FINDINGS_H_
