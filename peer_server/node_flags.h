// The command line of peer_server.
#ifndef COPPICE_PEER_SERVER_NODE_FLAGS_H_
#define COPPICE_PEER_SERVER_NODE_FLAGS_H_

#include <string>
#include <variant>

#include "common/log.h"
#include "peer_server/node.h"

namespace coppice {

struct NodeFlags {
  NodeOptions node;
  LogOptions log;
  int ready_fd = -1;  // -1: none
};

// The flags, or the exit code after help or an error was printed: 0 after help, 2 for usage, 1 for
// a tree file that cannot be used.
std::variant<NodeFlags, int> ParseNodeFlags(int argc, char** argv);

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_NODE_FLAGS_H_
