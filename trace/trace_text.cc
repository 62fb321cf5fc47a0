#include "trace/trace_text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace coppice {
namespace {

using absl::string_view;

constexpr string_view kFormat = "coppice-trace ";
constexpr string_view kVersion = "1";
constexpr string_view kEnd = "end ";
constexpr string_view kCut = "cut ";
constexpr string_view kExportRoot = ".";

// In the order of TouchKind.
constexpr std::array<string_view, kTouchKinds> kWords = {"directory", "file",    "link",   "other",
                                                         "missing",   "listing", "target", "read"};

bool IsPlain(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte >= 0x20 && byte != 0x7f && byte != '\\';
}

void AppendEscaped(std::string& text, string_view bytes) {
  for (const char byte : bytes) {
    if (IsPlain(byte)) {
      text.push_back(byte);
    } else {
      absl::StrAppend(&text, "\\x", absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
    }
  }
}

std::optional<std::string> Unescape(string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsPlain(text[i])) {
      bytes.push_back(text[i]);
      continue;
    }
    uint32_t byte = 0;
    const string_view digits = text.substr(std::min(i + 2, text.size()), 2);
    const bool escape = text[i] == '\\' && absl::StartsWith(text.substr(i + 1), "x") &&
                        digits.size() == 2 && absl::ascii_isxdigit(digits[0]) &&
                        absl::ascii_isxdigit(digits[1]) && absl::SimpleHexAtoi(digits, &byte);
    if (!escape) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
    i += 3;
  }
  return bytes;
}

// Takes the text up to the next blank, and the blank.
string_view TakeWord(string_view& text) {
  const size_t blank = text.find(' ');
  const string_view word = text.substr(0, blank);
  text.remove_prefix(blank == string_view::npos ? text.size() : blank + 1);
  return word;
}

// Decimal digits and nothing else.
bool TakeNumber(string_view& text, uint64_t& number) {
  const string_view word = TakeWord(text);
  return !word.empty() && absl::ascii_isdigit(word[0]) && absl::SimpleAtoi(word, &number);
}

absl::StatusOr<Touch> ParseTouch(string_view line) {
  const string_view word = TakeWord(line);
  Touch touch;
  size_t kind = 0;
  while (kind < kWords.size() && kWords[kind] != word) ++kind;
  if (kind == kWords.size()) {
    return absl::InvalidArgumentError(absl::StrCat("no touch is called '", word, "'"));
  }
  touch.kind = static_cast<TouchKind>(kind);
  if (touch.kind == TouchKind::kRead) {
    constexpr uint64_t kEndMax = std::numeric_limits<int64_t>::max();
    if (!TakeNumber(line, touch.offset) || !TakeNumber(line, touch.length) || touch.length == 0 ||
        touch.offset > kEndMax || touch.length > kEndMax - touch.offset) {
      return absl::InvalidArgumentError("'read OFFSET LENGTH PATH' expected");
    }
  }
  const std::optional<std::string> bytes = Unescape(line);
  if (!bytes.has_value() || bytes->empty()) {
    return absl::InvalidArgumentError("a path is missing or not written as it should be");
  }
  if (*bytes == kExportRoot) return touch;
  absl::StatusOr<Path> path = Path::Parse(*bytes);
  if (!path.ok()) return path.status();
  touch.path = *std::move(path);
  return touch;
}

absl::Status LineError(size_t number, string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", what));
}

absl::Status CheckFirstLine(string_view line) {
  if (!absl::ConsumePrefix(&line, kFormat)) return LineError(1, "this is no trace");
  if (line == kVersion) return absl::OkStatus();
  return LineError(1,
                   absl::StrCat("a trace of version '", line, "'; this program reads ", kVersion));
}

}  // namespace

std::string TraceText(const Trace& trace) {
  std::string text = absl::StrCat(kFormat, kVersion, "\n");
  for (const Touch& touch : trace.touches) {
    absl::StrAppend(&text, kWords[static_cast<size_t>(touch.kind)], " ");
    if (touch.kind == TouchKind::kRead) {
      absl::StrAppend(&text, touch.offset, " ", touch.length, " ");
    }
    AppendEscaped(text, touch.path.IsRoot() ? kExportRoot : string_view(touch.path.text()));
    text.push_back('\n');
  }
  absl::StrAppend(&text, trace.complete ? kEnd : kCut, trace.touches.size(), "\n");
  return text;
}

absl::StatusOr<Trace> ParseTrace(string_view text) {
  Trace trace;
  size_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t newline = text.find('\n');
    if (newline == string_view::npos) return LineError(number, "it ends without a newline");
    string_view line = text.substr(0, newline);
    text.remove_prefix(newline + 1);
    if (number == 1) {
      if (absl::Status status = CheckFirstLine(line); !status.ok()) return status;
      continue;
    }
    const bool cut = absl::StartsWith(line, kCut);
    if (cut || absl::StartsWith(line, kEnd)) {
      TakeWord(line);
      uint64_t touches = 0;
      if (!TakeNumber(line, touches) || !line.empty() || touches != trace.touches.size()) {
        return LineError(number, absl::StrCat(trace.touches.size(), " touches came before it"));
      }
      if (!text.empty()) return LineError(number + 1, "text after the end");
      trace.complete = !cut;
      return trace;
    }
    if (trace.touches.size() >= kTraceTouchesMax) {
      return LineError(number, absl::StrCat("more than ", kTraceTouchesMax, " touches"));
    }
    absl::StatusOr<Touch> touch = ParseTouch(line);
    if (!touch.ok()) return LineError(number, touch.status().message());
    trace.touches.push_back(*std::move(touch));
  }
  return LineError(number + 1, "the end is missing: part of the file was lost");
}

}  // namespace coppice
