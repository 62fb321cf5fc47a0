// What a program touches in a tree, in order of the first touch: a recording of one run, to be
// repeated before the next (replay.h).
//
// A value. Paths are relative to the export root, so that a trace that was recorded through one
// mount fits every other of the same tree.
#ifndef COPPICE_TRACE_TRACE_H_
#define COPPICE_TRACE_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "source/path.h"

namespace coppice {

enum class TouchKind : uint8_t {
  // A name that was looked up and found, by its type.
  kDirectory,
  kFile,
  kLink,
  kOther,
  // A name that was looked up and not found.
  kMissing,
  // The names of a directory were read.
  kListing,
  // The target of a symbolic link was read.
  kTarget,
  // Bytes of a file were read.
  kRead,
};

inline constexpr size_t kTouchKinds = 8;

struct Touch {
  TouchKind kind = TouchKind::kFile;
  Path path;
  // Of kRead, in bytes; else 0.
  uint64_t offset = 0;
  uint64_t length = 0;

  friend bool operator==(const Touch&, const Touch&) = default;
};

struct Trace {
  std::vector<Touch> touches;
  // False: the recorder reached its limit, and the end of the run is not here.
  bool complete = true;

  friend bool operator==(const Trace&, const Trace&) = default;
};

}  // namespace coppice

#endif  // COPPICE_TRACE_TRACE_H_
