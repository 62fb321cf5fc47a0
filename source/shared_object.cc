#include "source/shared_object.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace coppice {
namespace {

// A structure at an offset, copied because nothing aligns it. The caller knows that it is there.
template <typename T>
T At(absl::Span<const char> bytes, uint64_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

// The part of `range` that a file of so many bytes has.
ByteRange Clip(ByteRange range, uint64_t file_bytes) {
  if (range.offset >= file_bytes) return {};
  range.length = std::min(range.length, file_bytes - range.offset);
  return range;
}

// The address and length of a table that the dynamic section names by two entries.
struct Table {
  uint64_t address = 0;
  uint64_t length = 0;
};

}  // namespace

std::optional<SharedObject> SharedObject::Parse(absl::Span<const char> head, uint64_t file_bytes) {
  if (head.size() < sizeof(Elf64_Ehdr)) return std::nullopt;
  const auto header = At<Elf64_Ehdr>(head, 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return std::nullopt;
  }
  if (header.e_type != ET_DYN && header.e_type != ET_EXEC) return std::nullopt;
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > kSegmentsMax) {
    return std::nullopt;
  }
  const uint64_t table_bytes = header.e_phnum * sizeof(Elf64_Phdr);
  if (header.e_phoff > head.size() || table_bytes > head.size() - header.e_phoff) {
    return std::nullopt;
  }
  SharedObject object;
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = At<Elf64_Phdr>(head, header.e_phoff + i * sizeof(Elf64_Phdr));
    const ByteRange file = Clip({segment.p_offset, segment.p_filesz}, file_bytes);
    if (file.length == 0) continue;
    if (segment.p_type == PT_LOAD) {
      object.segments_.push_back(
          {.file = file, .address = segment.p_vaddr, .writable = (segment.p_flags & PF_W) != 0});
    } else if (segment.p_type == PT_DYNAMIC) {
      object.dynamic_ = file;
    }
  }
  if (object.dynamic_.length == 0 || object.dynamic_.length > kDynamicBytesMax) return std::nullopt;
  return object;
}

std::vector<ByteRange> SharedObject::Writable() const {
  std::vector<ByteRange> writable;
  for (const Segment& segment : segments_) {
    if (segment.writable) writable.push_back(segment.file);
  }
  return writable;
}

std::optional<ByteRange> SharedObject::InFile(uint64_t address, uint64_t length) const {
  for (const Segment& segment : segments_) {
    if (address < segment.address || address - segment.address >= segment.file.length) continue;
    const uint64_t skipped = address - segment.address;
    return ByteRange{segment.file.offset + skipped,
                     std::min(length, segment.file.length - skipped)};
  }
  return std::nullopt;
}

std::optional<DynamicSection> SharedObject::ParseDynamic(absl::Span<const char> bytes) const {
  DynamicSection section;
  Table strings, relocations, procedures;
  bool has_runpath = false;
  for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= bytes.size(); at += sizeof(Elf64_Dyn)) {
    const auto entry = At<Elf64_Dyn>(bytes, at);
    const uint64_t value = entry.d_un.d_val;
    if (entry.d_tag == DT_NULL) break;
    switch (entry.d_tag) {
      case DT_NEEDED:
        if (section.needed.size() < kNeededMax) section.needed.push_back(value);
        break;
      case DT_RUNPATH:
        has_runpath = true;
        section.search_path = value;
        break;
      case DT_RPATH:
        if (!has_runpath) section.search_path = value;
        break;
      case DT_SONAME:
        section.has_soname = true;
        break;
      case DT_STRTAB:
        strings.address = value;
        break;
      case DT_STRSZ:
        strings.length = value;
        break;
      case DT_RELA:
        relocations.address = value;
        break;
      case DT_RELASZ:
        relocations.length = value;
        break;
      case DT_JMPREL:
        procedures.address = value;
        break;
      case DT_PLTRELSZ:
        procedures.length = value;
        break;
      default:
        break;
    }
  }
  const std::optional<ByteRange> in_file = InFile(strings.address, strings.length);
  if (!in_file.has_value() || in_file->length == 0) return std::nullopt;
  section.strings = *in_file;
  for (const Table& table : {strings, relocations, procedures}) {
    if (const auto range = InFile(table.address, table.length); range.has_value()) {
      section.tables_end = std::max(section.tables_end, range->offset + range->length);
    }
  }
  return section;
}

}  // namespace coppice
