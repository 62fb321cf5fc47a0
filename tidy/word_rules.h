// Words that must not be in the sources, and what each header starts with. Pure functions,
// thread-safe.
#ifndef COPPICE_TIDY_WORD_RULES_H_
#define COPPICE_TIDY_WORD_RULES_H_

#include <vector>

#include "tidy/source_tree.h"

namespace coppice {

// Marks of unfinished work, anywhere in C++, protos, scripts and build files.
std::vector<Finding> CheckMarks(const SourceFile& file);

// Names that explain nothing, in any file's path.
std::vector<Finding> CheckFileName(const SourceFile& file);

// Sleeping in a test: slow when it works, broken when it does not.
std::vector<Finding> CheckSleeping(const SourceFile& file);

// A header starts with a comment that says what it is, and its guard is its path.
std::vector<Finding> CheckHeader(const SourceFile& file);

}  // namespace coppice

#endif  // COPPICE_TIDY_WORD_RULES_H_
