// ParsePythonImports: which modules a compiled Python module imports when it is loaded.
//
// A parser of bytes that anybody may have written: every length, index and reference is checked,
// and what does not fit gives no answer or is left out. It reads no file and runs nothing; the
// caller brings the bytes, and finds out where the modules are. Only the module's own code is
// looked at: what functions import they mostly never do (`import torch` reads 640 modules; the
// imports of modules' own code name 647, those of the functions as well 1,905). The bodies of
// classes are left out with them.
//
// Follows CPython 3.8 to 3.13 (source/python_code): an import is a constant for the level, one for
// the names after `import`, and IMPORT_NAME.
//
// A pure function, thread-safe. Its time and memory are linear in the bytes, and no more than
// python_code says and a few MiB.
#ifndef COPPICE_SOURCE_PYTHON_IMPORTS_H_
#define COPPICE_SOURCE_PYTHON_IMPORTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "source/python_code.h"  // with kPythonNestingMax and kPythonFileBytesMax

namespace coppice {

// One import statement of a module's own (top-level) code.
//
// Each part of `name` between its dots, and each of `from`, could be a name in a directory: it is
// not empty and has neither a dot nor a slash nor a zero byte.
struct PythonImport {
  int level = 0;                  // 0: absolute; 1: the package of the module; 2: the one above...
  std::string name;               // dotted, may be empty ("from . import x") unless absolute
  std::vector<std::string> from;  // names after `import` in a `from`; "*" left out

  friend bool operator==(const PythonImport&, const PythonImport&) = default;
};

inline constexpr size_t kPythonImportsMax = 1'024;    // statements; further ones are left out
inline constexpr size_t kPythonNameBytesMax = 256;    // imports with longer names are left out
inline constexpr int kPythonLevelMax = 256;           // and those of a higher level
inline constexpr size_t kPythonFromNamesMax = 4'096;  // of all imports; those beyond are left out

// From the bytes of a .pyc file (PEP 552 header of 16 bytes, then a marshalled code object).
// In order of the code, also what it imports twice or under a condition. nullopt: not a .pyc, of a
// version that is not known, or malformed. What comes after the names that the code uses is not
// looked at, and need not be there.
std::optional<std::vector<PythonImport>> ParsePythonImports(absl::Span<const char> pyc);

}  // namespace coppice

#endif  // COPPICE_SOURCE_PYTHON_IMPORTS_H_
