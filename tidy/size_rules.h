// How long a file, a line and a function may be. Pure functions, thread-safe.
#ifndef COPPICE_TIDY_SIZE_RULES_H_
#define COPPICE_TIDY_SIZE_RULES_H_

#include <cstddef>
#include <vector>

#include "tidy/source_tree.h"

namespace coppice {

inline constexpr size_t kFileLinesMax = 400;
inline constexpr size_t kLineColumnsMax = 100;
inline constexpr size_t kFunctionLinesMax = 70;

// C++, protos and scripts.
std::vector<Finding> CheckFileLength(const SourceFile& file);

// The same files. A character is a column, whatever its bytes.
std::vector<Finding> CheckLineLength(const SourceFile& file);

// C++, from the line where the function's head starts to its closing brace. A heuristic on braces:
// a block in a namespace or class whose head has a parameter list is a function. What is inside it,
// lambdas and local classes, counts as its own lines.
std::vector<Finding> CheckFunctionLength(const SourceFile& file);

}  // namespace coppice

#endif  // COPPICE_TIDY_SIZE_RULES_H_
