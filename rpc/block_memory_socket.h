// Where a peer offers the memory of its blocks: a socket beside its own.
//
// Thread-safe: pure.
#ifndef COPPICE_RPC_BLOCK_MEMORY_SOCKET_H_
#define COPPICE_RPC_BLOCK_MEMORY_SOCKET_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace coppice {

// `peer` is the peer's own socket, "/path" or "unix:/path".
inline std::string BlockMemorySocket(absl::string_view peer) {
  return absl::StrCat(absl::StripPrefix(peer, "unix:"), ".blocks");
}

}  // namespace coppice

#endif  // COPPICE_RPC_BLOCK_MEMORY_SOCKET_H_
