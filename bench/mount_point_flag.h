// The last word of the command line of a program that mounts: where. What cannot be mounted at is a
// mistake in usage, found before anything is read or started. For main functions; not thread-safe.
#ifndef COPPICE_BENCH_MOUNT_POINT_FLAG_H_
#define COPPICE_BENCH_MOUNT_POINT_FLAG_H_

#include <string>

#include "CLI/CLI.hpp"

namespace coppice {

// Fills `mount_point`, which outlives the parsing. Must be a directory that is there.
void AddMountPointFlag(CLI::App& app, std::string& mount_point);

}  // namespace coppice

#endif  // COPPICE_BENCH_MOUNT_POINT_FLAG_H_
