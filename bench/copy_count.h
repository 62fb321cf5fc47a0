// How often processors copied each byte that a reader was given, from the page cache of the backing
// store to that of the reader's kernel: computed from the counters of the nodes on the way. What
// has no part in it: the reader's own read(2) out of the page cache, which every file system has
// and mmap(2) has not, and whoever only reads the bytes (checksums). Bytes that were fetched ahead
// and that nobody read are part of it: somebody copied them.
//
// Of blocks of more than 64 KiB it is exact. A smaller one shares a message with others, which
// takes one copy more for each hop (two up to 16 KiB; rpc/exchange_codec.cc), and no counter tells
// them apart: where there are many, it is the least that it can be.
//
// Thread-safe: values and functions without state.
#ifndef COPPICE_BENCH_COPY_COUNT_H_
#define COPPICE_BENCH_COPY_COUNT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/node_costs.h"
#include "bench/report.h"

namespace coppice {

// Bytes that moved, by how.
struct MovedBytes {
  // From the backing store to the peers that read it.
  uint64_t from_backing = 0;
  // From each peer to its child, all hops together.
  uint64_t over_hops = 0;
  // From the last peer to who reads from it, as messages; blocks in memory that both see do not
  // move.
  uint64_t to_client = 0;
  // From the client to the kernel, in answers to READ.
  uint64_t to_kernel = 0;
};

// pread(2) into the memory of the block, which is where it stays, and which clients of the node
// read (source/posix_block_reader.cc).
inline constexpr uint64_t kCopiesFromBacking = 1;
// sendmsg(2) out of the block's memory (EncodeBlock gives gRPC a reference to it), recvmsg(2) into
// gRPC's, and from there into the memory of the receiver's block (DecodeBlock of
// rpc/block_codec.cc). On loopback, and through a unix socket, the kernel copies nothing in
// between.
inline constexpr uint64_t kCopiesOfMessage = 3;
// writev(2) to /dev/fuse, out of the block's memory (fuse_client/reads.cc), into the kernel's
// pages.
inline constexpr uint64_t kCopiesToKernel = 1;

// What moved in a chain of nodes that has cost so much, the root first; at the last one is the
// reader.
MovedBytes MovedBytesOf(const std::vector<NodeCosts>& costs);
MovedBytes MovedBytesBetween(const MovedBytes& before, const MovedBytes& after);

// All copies of all bytes over the bytes that the reader was given. None when it was given none.
std::optional<double> CopiesPerByte(const MovedBytes& moved, uint64_t given_bytes);

// The same as a count of a report, or nothing.
std::vector<Count> CopyCounts(const MovedBytes& moved, uint64_t given_bytes);

}  // namespace coppice

#endif  // COPPICE_BENCH_COPY_COUNT_H_
