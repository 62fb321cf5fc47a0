#include "source/testing/python_image.h"

namespace coppice {
namespace {

// The low bytes of a value, the lowest first.
std::string LittleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string Number(int64_t value) { return LittleEndian(value, 4); }

}  // namespace

std::string MarshalledNumber(int32_t value) { return "i" + Number(value); }

std::string MarshalledText(const std::string& text) {
  if (text.size() > 255) return "a" + Number(text.size()) + text;
  return "z" + LittleEndian(text.size(), 1) + text;
}

std::string MarshalledBytes(const std::string& bytes) { return "s" + Number(bytes.size()) + bytes; }

std::string MarshalledTuple(const std::vector<std::string>& elements) {
  std::string tuple = elements.size() > 255 ? "(" + Number(elements.size())
                                            : ")" + LittleEndian(elements.size(), 1);
  for (const std::string& element : elements) tuple += element;
  return tuple;
}

std::string MarshalledTexts(const std::vector<std::string>& texts) {
  std::vector<std::string> elements;
  for (const std::string& text : texts) elements.push_back(MarshalledText(text));
  return MarshalledTuple(elements);
}

std::string MarshalledReference(int32_t index) { return "r" + Number(index); }

std::string Referable(std::string object) {
  object[0] |= '\x80';
  return object;
}

std::vector<PythonRelease> PythonReleases() {
  return {{"3.8", 3413, false, 100, 108, 144},  {"3.9", 3425, false, 100, 108, 144},
          {"3.10", 3439, false, 100, 108, 144}, Python311(),
          {"3.12", 3531, true, 100, 108, 144},  {"3.13", 3571, true, 83, 75, 71}};
}

PythonRelease Python311() { return {"3.11", 3495, true, 100, 108, 144}; }

uint32_t PythonImage::AddConstant(const std::string& object) {
  constants_.push_back(object);
  return constants_.size() - 1;
}

uint32_t PythonImage::AddName(const std::string& object) {
  names_.push_back(object);
  return names_.size() - 1;
}

void PythonImage::Add(uint8_t instruction, uint32_t argument) {
  for (int shift = 24; shift > 0; shift -= 8) {
    if (argument >> shift == 0) continue;
    instructions_ += static_cast<char>(release_.extended_arg);
    instructions_ += static_cast<char>(argument >> shift);
  }
  instructions_ += static_cast<char>(instruction);
  instructions_ += static_cast<char>(argument);
}

void PythonImage::Import(const std::string& level, const std::string& from,
                         const std::string& name) {
  LoadConst(AddConstant(level));
  LoadConst(AddConstant(from));
  ImportName(AddName(name));
}

void PythonImage::Import(int level, const std::string& name, const std::vector<std::string>& from) {
  Import(MarshalledNumber(level), from.empty() ? kMarshalledNone : MarshalledTexts(from),
         MarshalledText(name));
}

std::string PythonImage::CodeHead() const {
  std::string head = "c";
  const int numbers = release_.has_qualified_names ? 5 : 6;
  for (int i = 0; i < numbers; ++i) head += Number(i);
  head += MarshalledBytes(instructions_);
  head += constants_object_.empty() ? MarshalledTuple(constants_) : constants_object_;
  head += names_object_.empty() ? MarshalledTuple(names_) : names_object_;
  return head;
}

std::string PythonImage::CodeTail() const {
  const std::string file = MarshalledText("file.py"), name = MarshalledText("<module>");
  const std::string no_names = MarshalledTuple({}), table = MarshalledBytes("table");
  const std::string line = Number(1);
  if (release_.has_qualified_names) {
    return no_names + MarshalledBytes("") + file + name + name + line + table + table;
  }
  return no_names + no_names + no_names + file + name + line + table;
}

std::string PythonImage::Bytes() const {
  return LittleEndian(release_.magic, 2) + "\r\n" + Number(0) + "modified" + Code();
}

}  // namespace coppice
