#include "tidy/code_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

constexpr size_t kEnd = absl::string_view::npos;

// Where what starts with `opening` at `start` ends, that ending included.
size_t EndAfter(absl::string_view text, absl::string_view ending, size_t from) {
  const size_t found = text.find(ending, from);
  return found == kEnd ? text.size() : found + ending.size();
}

size_t EndOfRawString(absl::string_view text, size_t quote) {
  const size_t parenthesis = text.find('(', quote);
  if (parenthesis == kEnd) return text.size();
  const absl::string_view delimiter = text.substr(quote + 1, parenthesis - quote - 1);
  return EndAfter(text, absl::StrCat(")", delimiter, "\""), parenthesis);
}

// Of a literal in the quotes that stand at `quote`.
size_t EndOfLiteral(absl::string_view text, size_t quote) {
  size_t i = quote + 1;
  while (i < text.size() && text[i] != text[quote] && text[i] != '\n') {
    i += text[i] == '\\' ? 2 : 1;
  }
  return std::min(i + 1, text.size());
}

// The end of the comment or literal that starts at i; i itself when none does.
size_t EndOfNonCode(absl::string_view text, size_t i) {
  const char before = i > 0 ? text[i - 1] : ' ';
  if (text.substr(i, 2) == "//") return std::min(text.find('\n', i), text.size());
  if (text.substr(i, 2) == "/*") return EndAfter(text, "*/", i + 2);
  if (text[i] == '"') return before == 'R' ? EndOfRawString(text, i) : EndOfLiteral(text, i);
  // After a digit it separates digits.
  if (text[i] == '\'' && !IsWordCharacter(before)) return EndOfLiteral(text, i);
  return i;
}

}  // namespace

std::string CodeOnly(absl::string_view text) {
  std::string code(text);
  for (size_t i = 0; i < text.size();) {
    const size_t end = EndOfNonCode(text, i);
    if (end == i) {
      ++i;
      continue;
    }
    const bool literal = text[i] != '/';
    for (size_t j = i; j < end; ++j) {
      const bool is_quote = literal && (j == i || j + 1 == end) && text[j] == text[i];
      if (code[j] != '\n' && !is_quote) code[j] = ' ';
    }
    i = end;
  }
  return code;
}

size_t LineOf(absl::string_view text, size_t position) {
  return 1 + static_cast<size_t>(
                 std::count(text.begin(), text.begin() + std::min(position, text.size()), '\n'));
}

bool IsWordCharacter(char character) {
  return absl::ascii_isalnum(static_cast<unsigned char>(character)) || character == '_';
}

size_t FindWord(absl::string_view text, absl::string_view word, size_t from) {
  for (size_t at = text.find(word, from); at != kEnd; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if (at > 0 && IsWordCharacter(text[at - 1])) continue;
    if (end < text.size() && IsWordCharacter(text[end])) continue;
    return at;
  }
  return kEnd;
}

}  // namespace coppice
