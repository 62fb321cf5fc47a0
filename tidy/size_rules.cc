#include "tidy/size_rules.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tidy/code_text.h"

namespace coppice {
namespace {

using absl::string_view;

bool IsMeasured(string_view path) {
  return IsCpp(path) || IsScript(path) || absl::EndsWith(path, ".proto");
}

// Characters of UTF-8: its continuation bytes are 10xxxxxx.
size_t ColumnsOf(string_view line) {
  return static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }));
}

enum class Block { kScope, kFunction, kOther };

// What stands before a '{', without preprocessor lines and access labels.
string_view HeadOf(string_view text) {
  text = absl::StripAsciiWhitespace(text);
  for (const string_view label : {"public:", "protected:", "private:"}) {
    if (absl::ConsumePrefix(&text, label)) text = absl::StripLeadingAsciiWhitespace(text);
  }
  while (absl::StartsWith(text, "#")) {
    const size_t end = text.find('\n');
    text = end == string_view::npos ? string_view()
                                    : absl::StripLeadingAsciiWhitespace(text.substr(end));
  }
  return text;
}

string_view WithoutTemplate(string_view head) {
  if (!absl::StartsWith(head, "template")) return head;
  const size_t open = head.find('<');
  int depth = 0;
  for (size_t i = open; i < head.size(); ++i) {
    depth += head[i] == '<' ? 1 : (head[i] == '>' ? -1 : 0);
    if (depth == 0) return absl::StripLeadingAsciiWhitespace(head.substr(i + 1));
  }
  return head;
}

// An '=' before the first parenthesis: what follows is the value of a variable.
bool IsInitializer(string_view head) {
  const size_t equals = head.find('=');
  return equals < head.find('(') && !absl::StrContains(head, "operator");
}

Block BlockOf(string_view head) {
  head = WithoutTemplate(head);
  const string_view first = head.substr(0, head.find_first_of(" \n{"));
  if (first == "namespace" || first == "extern") return Block::kScope;
  const bool has_parameters = absl::StrContains(head, '(');
  // "struct stat Get() {" is a function, "struct alignas(64) Shard {" is not.
  const bool ends_as_function = absl::EndsWith(head, ")") || absl::EndsWith(head, "const");
  for (const string_view type : {"class", "struct", "union", "enum"}) {
    if (first == type && !ends_as_function) return Block::kScope;
  }
  return has_parameters && !IsInitializer(head) ? Block::kFunction : Block::kOther;
}

struct OpenBlock {
  Block kind;
  // Of its head.
  size_t line;
};

}  // namespace

std::vector<Finding> CheckFileLength(const SourceFile& file) {
  if (!IsMeasured(file.path)) return {};
  const size_t lines = static_cast<size_t>(std::count(file.text.begin(), file.text.end(), '\n'));
  if (lines <= kFileLinesMax) return {};
  return {{file.path, kFileLinesMax + 1,
           absl::StrCat("the file has ", lines, " lines of at most ", kFileLinesMax,
                        "; split it by concept")}};
}

std::vector<Finding> CheckLineLength(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!IsMeasured(file.path)) return findings;
  size_t number = 0;
  for (const string_view line : absl::StrSplit(file.text, '\n')) {
    ++number;
    const size_t columns = ColumnsOf(line);
    if (columns <= kLineColumnsMax) continue;
    findings.push_back({file.path, number,
                        absl::StrCat("the line has ", columns, " columns of at most ",
                                     kLineColumnsMax, "; break it (C++: clang-format -i)")});
  }
  return findings;
}

std::vector<Finding> CheckFunctionLength(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!IsCpp(file.path)) return findings;
  const std::string code = CodeOnly(file.text);
  std::vector<OpenBlock> open;
  // Where the statement before the next brace starts.
  size_t statement = 0;
  int parentheses = 0;
  for (size_t i = 0; i < code.size(); ++i) {
    const char character = code[i];
    parentheses += character == '(' ? 1 : (character == ')' ? -1 : 0);
    if (character == '{') {
      const string_view head = HeadOf(string_view(code).substr(statement, i - statement));
      const bool countable = open.empty() || open.back().kind == Block::kScope;
      const size_t start = head.empty() ? i : static_cast<size_t>(head.data() - code.data());
      open.push_back(
          {countable && parentheses == 0 ? BlockOf(head) : Block::kOther, LineOf(code, start)});
    } else if (character == '}' && !open.empty()) {
      const size_t end = LineOf(code, i);
      const size_t lines = end - open.back().line + 1;
      if (open.back().kind == Block::kFunction && lines > kFunctionLinesMax) {
        findings.push_back({file.path, open.back().line,
                            absl::StrCat("the function has ", lines, " lines of at most ",
                                         kFunctionLinesMax, "; split it")});
      }
      open.pop_back();
    }
    if (character == '{' || character == '}' || (character == ';' && parentheses == 0)) {
      statement = i + 1;
    }
  }
  return findings;
}

}  // namespace coppice
