// PythonCode: the instructions, constants and names of a compiled Python module's own code.
//
// A parser of bytes that anybody may have written: every length, index and reference is checked. It
// reads no file and runs nothing. Only what the scan for imports needs is there: of constants the
// numbers, tuples of strings and None. Functions and classes are constants too; they are passed
// over.
//
// Follows CPython 3.8 to 3.13: PEP 552 for the header, Lib/importlib/_bootstrap_external.py for the
// magic numbers, Python/marshal.c for the format of the objects, which is written down nowhere
// else, Lib/opcode.py and Include/opcode_ids.h for the instructions.
//
// A value type, with pointers into the bytes that it was parsed from. The time to parse is linear
// in them, and so is the memory: less than they are for a usual file, about six times as much for
// one that is made for that.
#ifndef COPPICE_SOURCE_PYTHON_CODE_H_
#define COPPICE_SOURCE_PYTHON_CODE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace coppice {

inline constexpr size_t kPythonNestingMax = 64;          // marshal nesting; deeper: no answer
inline constexpr size_t kPythonFileBytesMax = 16 << 20;  // a larger file: no answer

// The numbers of instructions, which differ between releases.
struct PythonInstructions {
  uint8_t load_const = 0;
  uint8_t import_name = 0;
  uint8_t extended_arg = 0;
};

class PythonCode {
 public:
  // From the bytes of a .pyc file, which outlive the result. Nothing: not a .pyc, of a version that
  // is not known, or malformed. What comes after the names is not looked at.
  static std::optional<PythonCode> Parse(absl::Span<const char> pyc);

  // Two bytes each: its number, and the low byte of its argument.
  absl::string_view instructions() const { return instructions_; }
  const PythonInstructions& numbers() const { return numbers_; }

  // Nothing: there is no such constant or name, or it is something else.
  std::optional<int64_t> Number(uint32_t constant) const;
  std::optional<absl::string_view> Name(uint32_t name) const;
  // None counts as an empty tuple.
  std::optional<size_t> TupleSize(uint32_t constant) const;
  // Also nothing: a tuple with other objects than strings.
  std::optional<std::vector<absl::string_view>> Strings(uint32_t constant) const;

 private:
  friend class PythonCodeReader;

  absl::Span<const char> bytes_;
  PythonInstructions numbers_;
  absl::string_view instructions_;
  // Places in the file where objects begin.
  std::vector<uint32_t> constants_;
  std::vector<uint32_t> names_;
  std::vector<uint32_t> references_;  // what a reference, which is an index, stands for
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_PYTHON_CODE_H_
