#include "source/code_references.h"

#include <cstring>

namespace coppice {
namespace {

constexpr uint8_t kCall = 0xe8;
// A prefix for 64-bit operands, with or without the bit for the registers from r8 on; the
// instruction; and, but for its three bits of the register, the byte that says "relative to the
// next instruction".
constexpr uint8_t kWide = 0x48;
constexpr uint8_t kWideUpper = 0x4c;
constexpr uint8_t kLoadAddress = 0x8d;
constexpr uint8_t kRegisterBits = 0x38;
constexpr uint8_t kRelative = 0x05;

constexpr size_t kCallBytes = 1;
constexpr size_t kLoadAddressBytes = 3;

// How many bytes before a relative address belong to its instruction; 0: none begins at `at`.
size_t InstructionBytes(absl::Span<const char> code, size_t at) {
  const auto byte = [&code](size_t i) { return static_cast<uint8_t>(code[i]); };
  if (byte(at) == kCall) return kCallBytes;
  if (byte(at) != kWide && byte(at) != kWideUpper) return 0;
  if (code.size() - at < kLoadAddressBytes || byte(at + 1) != kLoadAddress) return 0;
  return (byte(at + 2) & ~kRegisterBits) == kRelative ? kLoadAddressBytes : 0;
}

}  // namespace

std::vector<uint64_t> CodeReferences(absl::Span<const char> code, uint64_t address) {
  std::vector<uint64_t> references;
  for (size_t at = 0; at < code.size(); ++at) {
    const size_t instruction = InstructionBytes(code, at);
    int32_t relative = 0;
    const size_t end = at + instruction + sizeof(relative);
    if (instruction == 0 || end > code.size()) continue;
    std::memcpy(&relative, code.data() + at + instruction, sizeof(relative));
    references.push_back(address + end + static_cast<uint64_t>(int64_t{relative}));
  }
  return references;
}

}  // namespace coppice
