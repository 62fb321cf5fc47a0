// Who may include whom, and who may touch gRPC, FUSE and the backing file system
// (docs/architecture).
//
// Bazel's visibility refuses most of this too, but not an include that comes along through another
// target. Pure functions, thread-safe.
#ifndef COPPICE_TIDY_FLOOR_RULES_H_
#define COPPICE_TIDY_FLOOR_RULES_H_

#include <vector>

#include "tidy/source_tree.h"

namespace coppice {

// Arrows between folders only point down.
std::vector<Finding> CheckFloors(const SourceFile& file);

// libfuse only in fuse_client and bench.
std::vector<Finding> CheckFuseIncludes(const SourceFile& file);

// gRPC only in rpc, peer_server, deploy, bench, sim and in main.cc files.
std::vector<Finding> CheckGrpcIncludes(const SourceFile& file);

// Within source/, only posix_source* opens files. Tests may, to make what they read.
std::vector<Finding> CheckFileOpening(const SourceFile& file);

}  // namespace coppice

#endif  // COPPICE_TIDY_FLOOR_RULES_H_
