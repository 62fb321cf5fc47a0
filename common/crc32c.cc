#include "common/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace coppice {
namespace {

// ISA-L takes the length as an int.
constexpr size_t kStepBytes = size_t{1} << 30;

}  // namespace

uint32_t ExtendCrc32c(uint32_t crc, absl::Span<const char> bytes) {
  // ISA-L leaves the inversion before and after, which the standard asks for, to its caller.
  crc = ~crc;
  while (!bytes.empty()) {
    const size_t step = std::min(bytes.size(), kStepBytes);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    crc = crc32_iscsi(data, static_cast<int>(step), crc);
    bytes.remove_prefix(step);
  }
  return ~crc;
}

uint32_t Crc32c(absl::Span<const char> bytes) { return ExtendCrc32c(0, bytes); }

}  // namespace coppice
