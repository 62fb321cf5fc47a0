#include "deploy/shell_word.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace coppice {

std::string ShellQuoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string ShellWord(absl::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
    return absl::ascii_isalnum(character) || absl::StrContains("/._-=+,:@", character);
  });
  return plain ? std::string(text) : ShellQuoted(text);
}

}  // namespace coppice
