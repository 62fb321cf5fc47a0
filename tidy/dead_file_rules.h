// Files that nothing uses. These rules look at all files at once. Pure functions, thread-safe.
#ifndef COPPICE_TIDY_DEAD_FILE_RULES_H_
#define COPPICE_TIDY_DEAD_FILE_RULES_H_

#include <vector>

#include "tidy/source_tree.h"

namespace coppice {

// A header that no other file includes.
std::vector<Finding> CheckHeadersAreIncluded(const std::vector<SourceFile>& files);

// A C++ file, a proto or a test script that the nearest BUILD.bazel above does not name: it is
// never built, and a test among them never runs.
std::vector<Finding> CheckFilesAreBuilt(const std::vector<SourceFile>& files);

}  // namespace coppice

#endif  // COPPICE_TIDY_DEAD_FILE_RULES_H_
