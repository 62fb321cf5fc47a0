// C++ text as the rules look at it. Not a parser: enough for code that clang-format has seen. Pure
// functions, thread-safe.
#ifndef COPPICE_TIDY_CODE_TEXT_H_
#define COPPICE_TIDY_CODE_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coppice {

// The same text with spaces for comments and for what is inside strings and character literals.
// Line breaks stay, so positions and line numbers stay too.
std::string CodeOnly(absl::string_view text);

// The line of a position, from 1.
size_t LineOf(absl::string_view text, size_t position);

// Letters, digits and '_'.
bool IsWordCharacter(char character);

// The first place at or after `from` where the word stands by itself, or npos.
size_t FindWord(absl::string_view text, absl::string_view word, size_t from = 0);

}  // namespace coppice

#endif  // COPPICE_TIDY_CODE_TEXT_H_
