// The one line in which a node says how starting or stopping went. Started is not ready yet: that
// its peer tells by the tree.
//
//   coppice: HOST: started
//   coppice: HOST: stopped
//   coppice: HOST: error: REASON
//
// It comes through whatever the tool puts before it: "node003: ", "[1] ", "3: ". Pure, thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_NODE_LINE_H_
#define COPPICE_DEPLOY_LAUNCHER_NODE_LINE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace coppice {

enum class NodeState { kStarted, kStopped, kError };

struct NodeLine {
  std::string host;
  NodeState state = NodeState::kError;
  // Of an error only; one line.
  std::string reason;

  bool operator==(const NodeLine&) const = default;
};

// Without the end of the line. Line ends in the reason become " | ".
std::string NodeLineText(const NodeLine& line);

// None when the text has no such line in it.
std::optional<NodeLine> FindNodeLine(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_NODE_LINE_H_
