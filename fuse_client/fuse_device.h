// Whether this node has FUSE for this user: asked before libfuse is, whose own errors are lines on
// standard error that do not say what to do; and by a launch before it starts anything on the node.
// Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_FUSE_DEVICE_H_
#define COPPICE_FUSE_CLIENT_FUSE_DEVICE_H_

#include <string>

#include "absl/status/status.h"

namespace coppice {

inline constexpr char kFuseDevice[] = "/dev/fuse";

// The errno of open(2), or ENODEV when something else is there; the message has the cure.
absl::Status CheckFuseDevice(const std::string& device = kFuseDevice);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_FUSE_DEVICE_H_
