#include "source/python_code.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace coppice {
namespace {

// The magic number, flags, and a time and a size or a hash.
constexpr size_t kHeaderBytes = 16;
constexpr uint32_t kHeaderFlags = 3;  // those that PEP 552 knows

constexpr uint8_t kReferenceFlag = 0x80;  // of an object's type: references may be made to it
constexpr int64_t kNumberBytes = 4;
constexpr int64_t kLongDigitBytes = 2;
constexpr int64_t kDoubleBytes = 8;

// Of the objects in a code object: the instructions, constants and names, those of its variables
// (since 3.11 in two objects, before in three), its file and its name (since 3.11 two of these).
constexpr int64_t kCodeObjects = 8;

// A magic number is that of all patch releases. Those of alpha and beta releases are not known.
struct Release {
  uint16_t magic;
  int64_t numbers;  // 32 bits each, at the beginning of a code object
  int64_t tables;   // objects at its end, after the number of its first line
  PythonInstructions instructions;
};

constexpr PythonInstructions kOldInstructions = {
    .load_const = 100, .import_name = 108, .extended_arg = 144};
constexpr PythonInstructions kNewInstructions = {
    .load_const = 83, .import_name = 75, .extended_arg = 71};

constexpr std::array kReleases = {
    Release{3413, 6, 1, kOldInstructions},  // 3.8
    Release{3425, 6, 1, kOldInstructions},  // 3.9
    Release{3439, 6, 1, kOldInstructions},  // 3.10
    Release{3495, 5, 2, kOldInstructions},  // 3.11
    Release{3531, 5, 2, kOldInstructions},  // 3.12
    Release{3571, 5, 2, kNewInstructions},  // 3.13
};

// Reads forward. Whatever would go past the end, or is called broken by the one who reads, leaves
// the cursor broken at the end, where it gives zeros and empty strings.
class Cursor {
 public:
  Cursor(absl::Span<const char> bytes, size_t at)
      : bytes_(bytes), at_(std::min(at, bytes.size())) {}

  size_t at() const { return at_; }
  bool broken() const { return broken_; }
  void Break() {
    broken_ = true;
    at_ = bytes_.size();
  }

  absl::string_view Pass(int64_t length) {
    // A negative length is larger than any file.
    if (static_cast<uint64_t>(length) > bytes_.size() - at_) {
      Break();
      return {};
    }
    const absl::string_view passed(bytes_.data() + at_, length);
    at_ += length;
    return passed;
  }

  uint8_t Byte() {
    const absl::string_view byte = Pass(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
  }

  uint16_t Short() {
    const uint16_t low = Byte();
    return low | Byte() << 8;
  }

  // 32 bits with a sign, in a type that holds twice and minus any of them.
  int64_t Number() {
    const uint32_t low = Short();
    return static_cast<int32_t>(low | static_cast<uint32_t>(Short()) << 16);
  }

  uint8_t Type() { return Byte() & ~kReferenceFlag; }

  // After a tuple's type: how many objects follow. Broken if that is another object's type.
  int64_t TupleCount(uint8_t type) {
    if (type == ')') return Byte();
    if (type == '(') return Number();
    Break();
    return 0;
  }

  // After a string's type. Broken if that is another object's type; a string of bytes is one.
  absl::string_view String(uint8_t type) {
    switch (type) {
      case 'z':
      case 'Z':
        return Pass(Byte());
      case 'a':
      case 'A':
      case 't':
      case 'u':
        return Pass(Number());
      default:
        Break();
        return {};
    }
  }

 private:
  absl::Span<const char> bytes_;
  size_t at_;  // never past the end
  bool broken_ = false;
};

// The release whose magic number begins the header.
const Release* ReleaseOf(absl::Span<const char> pyc) {
  Cursor header(pyc, 0);
  const uint16_t magic = header.Short();
  const bool is_pyc = header.Byte() == '\r' && header.Byte() == '\n';
  const auto flags = static_cast<uint32_t>(header.Number());
  if (!is_pyc || (flags & ~kHeaderFlags) != 0) return nullptr;
  const auto* const release =
      std::find_if(kReleases.begin(), kReleases.end(),
                   [magic](const Release& known) { return known.magic == magic; });
  return release == kReleases.end() ? nullptr : release;
}

// Past the type of the object at `at`, or of the one that it refers to. Only for objects that were
// passed over: their references are within the table, and none stands for another.
struct OpenedObject {
  OpenedObject(absl::Span<const char> bytes, const std::vector<uint32_t>& references, size_t at)
      : contents(bytes, at), type(contents.Type()) {
    if (type != 'r') return;
    contents = Cursor(bytes, references[contents.Number()]);
    type = contents.Type();
  }

  Cursor contents;
  uint8_t type;
};

// The places of a tuple's objects; nothing if it is none, or they are not all strings.
std::optional<std::vector<uint32_t>> StringPlaces(absl::Span<const char> bytes,
                                                  const std::vector<uint32_t>& references,
                                                  size_t at) {
  OpenedObject tuple(bytes, references, at);
  Cursor& contents = tuple.contents;
  const int64_t count = contents.TupleCount(tuple.type);
  std::vector<uint32_t> places;
  for (int64_t i = 0; i < count && !contents.broken(); ++i) {
    places.push_back(contents.at());
    OpenedObject element(bytes, references, contents.at());
    element.contents.String(element.type);
    if (element.contents.broken()) return std::nullopt;
    const uint8_t type = contents.Type();
    if (type == 'r') {
      contents.Number();
    } else {
      contents.String(type);
    }
  }
  if (contents.broken()) return std::nullopt;
  return places;
}

}  // namespace

// Passes over objects once, from the first on, because the places in the table of references are
// given in the order of their beginnings.
class PythonCodeReader {
 public:
  PythonCodeReader(absl::Span<const char> bytes, const Release& release)
      : bytes_(bytes), release_(release), cursor_(bytes, kHeaderBytes) {}

  std::optional<PythonCode> Module() {
    if (Begin() != 'c') return std::nullopt;
    PythonCode code;
    code.bytes_ = bytes_;
    code.numbers_ = release_.instructions;
    cursor_.Pass(release_.numbers * kNumberBytes);
    if (Begin() != 's') return std::nullopt;
    code.instructions_ = cursor_.Pass(cursor_.Number());
    const uint8_t type = Begin();
    const int64_t count = cursor_.TupleCount(type);
    for (int64_t i = 0; i < count && !cursor_.broken(); ++i) {
      code.constants_.push_back(cursor_.at());
      Skip(kConstantNesting);
    }
    // These may be the names of a function in the constants, or any tuple that equals them.
    const size_t names = cursor_.at();
    Skip(kTupleNesting);
    if (cursor_.broken() || count < 0) return std::nullopt;
    auto strings = StringPlaces(bytes_, references_, names);
    if (!strings.has_value()) return std::nullopt;
    code.names_ = *std::move(strings);
    code.references_ = std::move(references_);
    return code;
  }

 private:
  // The module's code counts as the first.
  static constexpr size_t kTupleNesting = 2;
  static constexpr size_t kConstantNesting = 3;

  // Passes an object's type, and gives it its place in the table.
  uint8_t Begin() {
    const uint32_t at = cursor_.at();
    const uint8_t byte = cursor_.Byte();
    const uint8_t type = byte & ~kReferenceFlag;
    // The reader of marshal.c takes no notice of the flag of these.
    const bool never_referred_to =
        absl::string_view("0NS.FTr").find(type) != absl::string_view::npos;
    if (type != byte && !never_referred_to) references_.push_back(at);
    return type;
  }

  // An object with all that is in it.
  void Skip(size_t nesting) {
    if (nesting > kPythonNestingMax) return cursor_.Break();
    const uint8_t type = Begin();
    switch (type) {
      case 'N':  // None
      case 'S':  // StopIteration
      case '.':  // Ellipsis
      case 'F':
      case 'T':
        return;
      case 'i':
        cursor_.Pass(kNumberBytes);
        return;
      case 'l':
        cursor_.Pass(std::abs(cursor_.Number()) * kLongDigitBytes);
        return;
      case 'g':
        cursor_.Pass(kDoubleBytes);
        return;
      case 'y':  // a complex number
        cursor_.Pass(2 * kDoubleBytes);
        return;
      case 'x':  // a complex number as text
        cursor_.Pass(cursor_.Byte());
        [[fallthrough]];
      case 'f':
        cursor_.Pass(cursor_.Byte());
        return;
      case 's':  // bytes
        cursor_.Pass(cursor_.Number());
        return;
      case ')':
      case '(':
        return SkipSeveral(cursor_.TupleCount(type), nesting + 1);
      case '[':
      case '<':  // a set
      case '>':  // a frozen one
        return SkipSeveral(cursor_.Number(), nesting + 1);
      case '{':
        return SkipDictionary(nesting + 1);
      case 'c':
        return SkipCode(nesting + 1);
      case 'r':
        return SkipReference();
      default:
        cursor_.String(type);
    }
  }

  // Each of them has a byte at least: a count that lies soon comes to the end.
  void SkipSeveral(int64_t count, size_t nesting) {
    if (count < 0) cursor_.Break();
    for (int64_t i = 0; i < count && !cursor_.broken(); ++i) Skip(nesting);
  }

  // Keys and values, until a null instead of a key.
  void SkipDictionary(size_t nesting) {
    while (!cursor_.broken()) {
      Cursor next = cursor_;
      if (next.Type() == '0') {
        cursor_ = next;
        return;
      }
      SkipSeveral(2, nesting);
    }
  }

  void SkipCode(size_t nesting) {
    cursor_.Pass(release_.numbers * kNumberBytes);
    SkipSeveral(kCodeObjects, nesting);
    cursor_.Pass(kNumberBytes);  // its first line
    SkipSeveral(release_.tables, nesting);
  }

  void SkipReference() {
    const int64_t index = cursor_.Number();
    if (index < 0 || static_cast<uint64_t>(index) >= references_.size()) cursor_.Break();
  }

  const absl::Span<const char> bytes_;
  const Release& release_;
  Cursor cursor_;
  std::vector<uint32_t> references_;
};

std::optional<PythonCode> PythonCode::Parse(absl::Span<const char> pyc) {
  if (pyc.size() > kPythonFileBytesMax) return std::nullopt;
  const Release* const release = ReleaseOf(pyc);
  if (release == nullptr) return std::nullopt;
  return PythonCodeReader(pyc, *release).Module();
}

std::optional<int64_t> PythonCode::Number(uint32_t constant) const {
  if (constant >= constants_.size()) return std::nullopt;
  OpenedObject object(bytes_, references_, constants_[constant]);
  if (object.type != 'i') return std::nullopt;
  return object.contents.Number();
}

std::optional<absl::string_view> PythonCode::Name(uint32_t name) const {
  if (name >= names_.size()) return std::nullopt;
  OpenedObject object(bytes_, references_, names_[name]);
  return object.contents.String(object.type);  // as all names are, or there would be no code
}

std::optional<size_t> PythonCode::TupleSize(uint32_t constant) const {
  if (constant >= constants_.size()) return std::nullopt;
  OpenedObject object(bytes_, references_, constants_[constant]);
  if (object.type == 'N') return 0;
  const int64_t count = object.contents.TupleCount(object.type);
  if (object.contents.broken()) return std::nullopt;
  return count;
}

std::optional<std::vector<absl::string_view>> PythonCode::Strings(uint32_t constant) const {
  std::vector<absl::string_view> strings;
  const std::optional<size_t> size = TupleSize(constant);
  if (!size.has_value()) return std::nullopt;
  if (*size == 0) return strings;
  const auto places = StringPlaces(bytes_, references_, constants_[constant]);
  if (!places.has_value()) return std::nullopt;
  for (const uint32_t place : *places) {
    OpenedObject object(bytes_, references_, place);
    strings.push_back(object.contents.String(object.type));
  }
  return strings;
}

}  // namespace coppice
