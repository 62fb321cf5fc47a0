// SharedObject: what the dynamic loader is going to read of an ELF file, and which objects it opens
// next.
//
// A parser of bytes that anybody may have written: every offset is checked, and what does not fit
// is no shared object. It reads no file; the caller brings the bytes as they are asked for. Follows
// the System V ABI, "Object Files" and "Program Loading and Dynamic Linking", and elf(5).
//
// A value type.
#ifndef COPPICE_SOURCE_SHARED_OBJECT_H_
#define COPPICE_SOURCE_SHARED_OBJECT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace coppice {

// A part of a file.
struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// A file has no more of these, or is not looked at.
inline constexpr size_t kSegmentsMax = 64;
inline constexpr size_t kDynamicBytesMax = 64 << 10;
inline constexpr size_t kNeededMax = 512;

// The dynamic section, with places in the file instead of addresses.
struct DynamicSection {
  ByteRange strings;                    // the string table
  std::vector<uint64_t> needed;         // names of objects: offsets into `strings`
  std::optional<uint64_t> search_path;  // DT_RUNPATH, or else DT_RPATH: an offset into `strings`
  bool has_soname = false;              // others link to it by name: it is a library
  // The symbols, strings and relocations lie before this offset of the file.
  uint64_t tables_end = 0;
};

class SharedObject {
 public:
  // From the first bytes of a file. Nothing: not a 64-bit little-endian object or program with a
  // dynamic section, or its headers are not within `head`.
  static std::optional<SharedObject> Parse(absl::Span<const char> head, uint64_t file_bytes);

  // Within the file, and at most kDynamicBytesMax.
  ByteRange dynamic_section() const { return dynamic_; }

  // The data that the loader relocates, as far as it is in the file.
  std::vector<ByteRange> Writable() const;

  // `bytes` are those of dynamic_section(). Nothing: it names no string table in the file.
  std::optional<DynamicSection> ParseDynamic(absl::Span<const char> bytes) const;

 private:
  struct Segment {
    ByteRange file;
    uint64_t address = 0;
    bool writable = false;
  };

  // The part of the file, clipped to it, where `address` is loaded from, up to `length` bytes.
  std::optional<ByteRange> InFile(uint64_t address, uint64_t length) const;

  std::vector<Segment> segments_;
  ByteRange dynamic_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_SHARED_OBJECT_H_
