#include "deploy/launcher/node_line.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "deploy/one_line.h"

namespace coppice {
namespace {

constexpr absl::string_view kMark = "coppice: ";
constexpr absl::string_view kStarted = "started";
constexpr absl::string_view kStopped = "stopped";
constexpr absl::string_view kError = "error: ";

std::optional<NodeLine> ParseAfterMark(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(": ", 1));
  NodeLine line = {.host = std::string(parts.first)};
  if (line.host.empty() || absl::StrContains(line.host, ' ')) return std::nullopt;
  absl::string_view said = parts.second;
  if (said == kStarted) {
    line.state = NodeState::kStarted;
  } else if (said == kStopped) {
    line.state = NodeState::kStopped;
  } else if (absl::ConsumePrefix(&said, kError)) {
    line.reason = std::string(said);
  } else {
    return std::nullopt;
  }
  return line;
}

}  // namespace

std::string NodeLineText(const NodeLine& line) {
  const std::string start = absl::StrCat(kMark, line.host, ": ");
  switch (line.state) {
    case NodeState::kStarted:
      return absl::StrCat(start, kStarted);
    case NodeState::kStopped:
      return absl::StrCat(start, kStopped);
    case NodeState::kError:
      break;
  }
  return absl::StrCat(start, kError, InOneLine(line.reason));
}

std::optional<NodeLine> FindNodeLine(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  for (size_t at = text.find(kMark); at != absl::string_view::npos; at = text.find(kMark, at + 1)) {
    auto line = ParseAfterMark(text.substr(at + kMark.size()));
    if (line.has_value()) return line;
  }
  return std::nullopt;
}

}  // namespace coppice
