#include "deploy/coppice/help_text.h"

#include <iostream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "deploy/called_as.h"

namespace coppice {
namespace {

constexpr absl::string_view kUsage = "Usage: ";
constexpr absl::string_view kPositionals = "Positionals:";
constexpr absl::string_view kOptions = "Options:";
constexpr absl::string_view kGap = "  ";

// "  --name TEXT=x        what it is": a new entry, or more of the one before.
void AddLine(absl::string_view line, std::vector<HelpEntry>& entries) {
  const bool continues = line.size() > 10 && line.substr(0, 10).find_first_not_of(' ') == line.npos;
  const absl::string_view content = absl::StripAsciiWhitespace(line);
  if (continues && !entries.empty()) {
    std::string& text = entries.back().text;
    absl::StrAppend(&text, text.empty() ? "" : " ", content);
    return;
  }
  HelpEntry entry;
  const size_t gap = content.find(kGap);
  const absl::string_view head = content.substr(0, gap);
  if (gap != content.npos) {
    entry.text = std::string(absl::StripAsciiWhitespace(content.substr(gap)));
  }
  const std::pair<absl::string_view, absl::string_view> words =
      absl::StrSplit(head, absl::MaxSplits(' ', 1));
  entry.names = std::string(words.first);
  entry.argument = std::string(words.second);
  // A head that is as wide as its column is followed by one space only.
  entries.push_back(std::move(entry));
}

// Puts standard output's text aside for as long as it lives.
class CoutCapture {
 public:
  CoutCapture() : before_(std::cout.rdbuf(text_.rdbuf())) {}
  ~CoutCapture() { std::cout.rdbuf(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* const before_;
};

}  // namespace

absl::StatusOr<HelpText> ParseHelpText(absl::string_view text) {
  HelpText help;
  enum { kInDescription, kInPositionals, kInOptions, kInFooter } part = kInDescription;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, kUsage)) {
      help.usage = std::string(line);
    } else if (line == kPositionals) {
      part = kInPositionals;
    } else if (line == kOptions) {
      part = kInOptions;
    } else if (part == kInDescription) {
      if (help.usage.empty() && !line.empty()) help.description.emplace_back(line);
    } else if (part == kInFooter) {
      help.footer.emplace_back(line);
    } else if (line.empty()) {
      if (part == kInOptions && !help.options.empty()) part = kInFooter;
    } else if (line.front() != ' ') {
      part = kInFooter;
      help.footer.emplace_back(line);
    } else {
      AddLine(line, part == kInOptions ? help.options : help.positionals);
    }
  }
  while (!help.footer.empty() && help.footer.back().empty()) help.footer.pop_back();
  if (help.usage.empty() || help.options.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("this is no help text: it has no '", kUsage, "' or no '", kOptions, "'"));
  }
  return help;
}

std::string HelpOf(const Verb& verb) {
  const CoutCapture capture;
  verb.run({"--help"});
  return absl::StrReplaceAll(
      AsInstalled(capture.text()),
      {{absl::StrCat(kUsage, verb.name), absl::StrCat(kUsage, kCoppiceProgram, " ", verb.name)}});
}

}  // namespace coppice
