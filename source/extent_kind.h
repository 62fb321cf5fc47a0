// What SEEK_DATA and SEEK_HOLE of lseek(2) tell apart: the parts of a file that were written, and
// the holes between them, which read as zeros.
//
// Every file has a hole at its end, of no length: offsets are bytes. Thread-safe: a pure function.
#ifndef COPPICE_SOURCE_EXTENT_KIND_H_
#define COPPICE_SOURCE_EXTENT_KIND_H_

#include <cerrno>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {

enum class ExtentKind { kData, kHole };

// The answer of Source::FindExtent about a file that is all data. ENXIO at or beyond its end.
inline absl::StatusOr<uint64_t> FindInAllData(uint64_t size, uint64_t offset, ExtentKind kind) {
  if (offset >= size) {
    return ErrnoStatus(ENXIO, absl::StrCat("seek to ", offset, " in a file of ", size, " bytes"));
  }
  return kind == ExtentKind::kData ? offset : size;
}

}  // namespace coppice

#endif  // COPPICE_SOURCE_EXTENT_KIND_H_
