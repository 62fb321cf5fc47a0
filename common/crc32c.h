// CRC32C, the Castagnoli polynomial (RFC 3720, appendix B.4), by ISA-L's vector code.
#ifndef COPPICE_COMMON_CRC32C_H_
#define COPPICE_COMMON_CRC32C_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace coppice {

// Pure, thread-safe. The checksum of nothing is 0.
uint32_t Crc32c(absl::Span<const char> bytes);

// The checksum of a followed by b, from the checksum of a: Crc32c(ab) == ExtendCrc32c(Crc32c(a),
// b).
uint32_t ExtendCrc32c(uint32_t crc, absl::Span<const char> bytes);

}  // namespace coppice

#endif  // COPPICE_COMMON_CRC32C_H_
