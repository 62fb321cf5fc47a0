#include "tidy/word_rules.h"

#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tidy/code_text.h"

namespace coppice {
namespace {

using absl::string_view;

// In small letters, so that this file does not break its own rule; capitals are what is looked for.
constexpr std::array<string_view, 4> kMarks = {"todo", "fixme", "xxx", "hack"};

constexpr std::array<string_view, 9> kEmptyWords = {
    "util", "utils", "utility", "utilities", "helper", "helpers", "manager", "managers", "misc"};

constexpr std::array<string_view, 7> kSleeps = {
    "sleep_for", "sleep_until", "usleep", "SleepFor", "nanosleep", "clock_nanosleep", "sleep"};

bool HasMarks(string_view path) {
  return IsCpp(path) || IsScript(path) || absl::EndsWith(path, ".proto") ||
         FileNameOf(path) == "BUILD.bazel";
}

std::string GuardOf(string_view path) {
  std::string guard = absl::StrCat("COPPICE_", absl::AsciiStrToUpper(path), "_");
  for (char& character : guard) {
    if (!IsWordCharacter(character)) character = '_';
  }
  return guard;
}

}  // namespace

std::vector<Finding> CheckMarks(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!HasMarks(file.path)) return findings;
  for (const string_view small : kMarks) {
    const std::string mark = absl::AsciiStrToUpper(small);
    for (size_t at = FindWord(file.text, mark); at != string_view::npos;
         at = FindWord(file.text, mark, at + 1)) {
      findings.push_back({file.path, LineOf(file.text, at),
                          absl::StrCat("'", mark,
                                       "' marks unfinished work; finish it, or open an "
                                       "issue and take the mark out")});
    }
  }
  return findings;
}

std::vector<Finding> CheckFileName(const SourceFile& file) {
  std::vector<Finding> findings;
  for (const string_view word : absl::StrSplit(file.path, absl::ByAnyChar("/_.-"))) {
    for (const string_view empty : kEmptyWords) {
      if (absl::AsciiStrToLower(word) != empty) continue;
      findings.push_back({file.path, 0,
                          absl::StrCat("'", word,
                                       "' in a name explains nothing; name the file "
                                       "after the one thing that is in it")});
    }
  }
  if (FileNameOf(file.path) == "common.h") {
    findings.push_back({file.path, 0, "common.h says nothing; name it after what is in it"});
  }
  return findings;
}

std::vector<Finding> CheckSleeping(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!absl::EndsWith(file.path, "_test.cc")) return findings;
  const std::string code = CodeOnly(file.text);
  for (const string_view sleep : kSleeps) {
    for (size_t at = FindWord(code, sleep); at != string_view::npos;
         at = FindWord(code, sleep, at + 1)) {
      if (code.substr(at + sleep.size(), 1) != "(") continue;
      findings.push_back({file.path, LineOf(code, at),
                          absl::StrCat("a test that calls ", sleep,
                                       " is slow or fails; let a fake hold and release, or turn a "
                                       "FakeClock")});
    }
  }
  return findings;
}

std::vector<Finding> CheckHeader(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!absl::EndsWith(file.path, ".h")) return findings;
  if (!absl::StartsWith(file.text, "// ")) {
    findings.push_back({file.path, 1,
                        "a header starts with a comment: what it is, what it is not, whether it is "
                        "thread-safe"});
  }
  const std::string guard = GuardOf(file.path);
  for (const std::string& line : {absl::StrCat("#ifndef ", guard), absl::StrCat("#define ", guard),
                                  absl::StrCat("#endif  // ", guard)}) {
    if (absl::StrContains(file.text, absl::StrCat("\n", line, "\n"))) continue;
    findings.push_back({file.path, 0, absl::StrCat("the line '", line, "' is missing")});
  }
  return findings;
}

}  // namespace coppice
