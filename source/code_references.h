// CodeReferences: the places that a piece of x86-64 code leads to, as far as it can be told without
// disassembling it.
//
// For guesses only. It looks for the bytes of `call rel32` and of `lea` with an address relative to
// itself, wherever they stand; so it may take a part of another instruction for one, and misses
// what is called through a table. Intel 64 manual, volume 2: CALL, LEA, and 2.2.1.6 "RIP-Relative
// Addressing".
#ifndef COPPICE_SOURCE_CODE_REFERENCES_H_
#define COPPICE_SOURCE_CODE_REFERENCES_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace coppice {

// The addresses that `code` names when it is loaded at `address`, in its order; any numbers, if it
// is no code.
std::vector<uint64_t> CodeReferences(absl::Span<const char> code, uint64_t address);

}  // namespace coppice

#endif  // COPPICE_SOURCE_CODE_REFERENCES_H_
