// Reads from a peer in this process, through our PeerSource and nothing above it: no cache, no
// kernel. What one hop gives to whoever asks. Blocks. Thread-safe: functions without state.
#ifndef COPPICE_BENCH_HOP_SOURCE_READER_H_
#define COPPICE_BENCH_HOP_SOURCE_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace coppice {

// The whole file, `width` blocks under way at a time; the bytes. `address` is "host:port" or
// "unix:/path".
absl::StatusOr<uint64_t> ReadFileFromPeer(const std::string& address, const std::string& path,
                                          size_t width);

// All files of the directories in the directory `path`: lists it and each of them, and reads every
// file; `width` requests under way at a time. The bytes.
absl::StatusOr<uint64_t> ReadTreeFromPeer(const std::string& address, const std::string& path,
                                          size_t width);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_SOURCE_READER_H_
