// Touches in a tree what a trace says, in its order: names, missing names, listings, link targets,
// and bytes, so that the kernel has all of it when the program comes.
//
// Through a mount this makes the next run a warm one: the names are in the kernel's cache of
// dentries, the bytes in its page cache. A tree that has changed since the recording is no error:
// what does not fit is counted, and the first few are named.
//
// Blocks. A file that the kernel cannot read in time makes it wait as long: a mount's own deadlines
// are the limit. Thread-safe: a function without state.
#ifndef COPPICE_TRACE_REPLAY_H_
#define COPPICE_TRACE_REPLAY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "trace/trace.h"

namespace coppice {

// Touches under way at once. More than this hides no latency that the tree has.
inline constexpr unsigned kReplayThreads = 8;
inline constexpr unsigned kReplayThreadsMax = 256;
// Of what no longer fits, how many are named.
inline constexpr size_t kReplayExamplesMax = 5;

struct ReplayProgress {
  size_t done = 0;
  size_t touches = 0;
  uint64_t bytes = 0;
};

struct ReplayOptions {
  unsigned threads = kReplayThreads;
  // Looks into each directory in which names are missing, before the first of them is looked up. A
  // mount then answers them from the listing, and so for good; an answer about one name alone is
  // good for a short while only (negative_ttl), and would be asked for again by a program that
  // comes later. False: nothing but the touches.
  bool look_into_searched = true;
  // Is told how far it is, about once in `interval`, on the caller's thread.
  std::function<void(const ReplayProgress&)> progress = [](const ReplayProgress&) {};
  absl::Duration interval = absl::Seconds(1);
};

struct ReplayReport {
  size_t names = 0;
  size_t missing_names = 0;
  size_t listings = 0;
  size_t targets = 0;
  // That bytes were read of.
  size_t files = 0;
  uint64_t bytes = 0;
  absl::Duration duration;
  // Touches that the tree does not have as they were recorded, and what is wrong with the first.
  size_t misfits = 0;
  std::vector<std::string> examples;
};

// `root` is the mount point, or the directory, that stands for the export root. An error when it is
// no directory that can be opened.
absl::StatusOr<ReplayReport> Replay(const Trace& trace, const std::string& root,
                                    const ReplayOptions& options);

}  // namespace coppice

#endif  // COPPICE_TRACE_REPLAY_H_
