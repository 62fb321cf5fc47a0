// tar over TCP until a program has read the files: a TarStream into a new directory in memory, and
// then the walk that is made through a mount (WalkFiles). What a copy costs whoever needs the
// files, as far as no disk has a part in it; the stream alone leaves no file behind. Blocks.
// Thread-safe: functions without state.
#ifndef COPPICE_BENCH_HOP_TAR_WALK_H_
#define COPPICE_BENCH_HOP_TAR_WALK_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"
#include "bench/hop/tar_stream.h"

namespace coppice {

// In memory on any Linux where it is mounted.
inline constexpr char kMemoryDirectory[] = "/dev/shm";

// NOT_FOUND when that many files with so many bytes together cannot be unpacked below `memory`, and
// why: it is not there, is no file system in memory, or has no room.
absl::Status CheckMemoryDirectory(const std::string& memory, uint64_t bytes, size_t files);

// The time of the stream and that of the walk together. A directory is made below `memory`, and is
// gone with all that was unpacked on return, whatever happened. DATA_LOSS when it has other than
// `bytes` bytes. `stream.unpack_into` is not used.
absl::StatusOr<absl::Duration> TimeTarWalk(TarStreamOptions stream, const std::string& memory,
                                           uint64_t bytes, const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_TAR_WALK_H_
