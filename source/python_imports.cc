#include "source/python_imports.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace coppice {
namespace {

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kPythonNameBytesMax &&
         name.find_first_of(absl::string_view("./\0", 3)) == absl::string_view::npos;
}

bool IsDottedName(absl::string_view name) {
  if (name.size() > kPythonNameBytesMax) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '.');
  return std::all_of(parts.begin(), parts.end(), IsName);
}

// Goes through the instructions of a module's code.
class ImportScan {
 public:
  explicit ImportScan(const PythonCode& code) : code_(code) {}

  // The caches after some instructions are zeros in a file: an instruction that does nothing.
  std::vector<PythonImport> Run() {
    const PythonInstructions& numbers = code_.numbers();
    const absl::string_view bytes = code_.instructions();
    uint32_t high_bytes = 0;
    size_t loaded = 0;
    uint32_t level = 0, from = 0;  // the last two constants that were loaded
    for (size_t at = 0; at + 1 < bytes.size() && statements_ < kPythonImportsMax; at += 2) {
      const auto number = static_cast<uint8_t>(bytes[at]);
      const uint32_t argument = high_bytes << 8 | static_cast<uint8_t>(bytes[at + 1]);
      high_bytes = number == numbers.extended_arg ? argument : 0;
      if (number == numbers.load_const) {
        level = std::exchange(from, argument);
        ++loaded;
      } else if (number == numbers.import_name) {
        if (loaded >= 2) Add(level, from, argument);
        loaded = 0;
      }
    }
    return std::move(imports_);
  }

 private:
  // What does not fit is left out.
  void Add(uint32_t level_constant, uint32_t from_constant, uint32_t name_index) {
    ++statements_;
    const std::optional<int64_t> level = code_.Number(level_constant);
    if (!level.has_value() || *level < 0 || *level > kPythonLevelMax) return;
    const std::optional<absl::string_view> name = code_.Name(name_index);
    if (!name.has_value() || !(IsDottedName(*name) || (name->empty() && *level > 0))) return;
    auto from = From(from_constant);
    if (!from.has_value()) return;
    imports_.push_back(
        {.level = static_cast<int>(*level), .name = std::string(*name), .from = *std::move(from)});
  }

  std::optional<std::vector<std::string>> From(uint32_t constant) {
    const std::optional<size_t> size = code_.TupleSize(constant);
    if (!size.has_value() || *size > from_names_left_) return std::nullopt;
    from_names_left_ -= *size;
    const auto names = code_.Strings(constant);
    if (!names.has_value()) return std::nullopt;
    std::vector<std::string> from;
    for (const absl::string_view name : *names) {
      if (name == "*") continue;
      if (!IsName(name)) return std::nullopt;
      from.emplace_back(name);
    }
    return from;
  }

  const PythonCode& code_;
  size_t statements_ = 0;  // with those that were left out
  size_t from_names_left_ = kPythonFromNamesMax;
  std::vector<PythonImport> imports_;
};

}  // namespace

std::optional<std::vector<PythonImport>> ParsePythonImports(absl::Span<const char> pyc) {
  const std::optional<PythonCode> code = PythonCode::Parse(pyc);
  if (!code.has_value()) return std::nullopt;
  return ImportScan(*code).Run();
}

}  // namespace coppice
