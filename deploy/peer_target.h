// How a user, and the records of a service, name a peer to gRPC. Pure, thread-safe.
#ifndef COPPICE_DEPLOY_PEER_TARGET_H_
#define COPPICE_DEPLOY_PEER_TARGET_H_

#include <string>

#include "absl/strings/str_cat.h"

namespace coppice {

// For OpenChannels and its kin: what starts with a '/' is the path of a unix socket; all else, such
// as "HOST:PORT", is a target already.
inline std::string PeerTarget(const std::string& peer) {
  return peer.starts_with('/') ? absl::StrCat("unix:", peer) : peer;
}

}  // namespace coppice

#endif  // COPPICE_DEPLOY_PEER_TARGET_H_
