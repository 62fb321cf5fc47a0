// Makes the bytes of a small compiled Python module (.pyc) for a test: it has a module's own code
// and nothing that could run. What it knows of the releases is written down once more here, so that
// a wrong number in the parser shows.
#ifndef COPPICE_SOURCE_TESTING_PYTHON_IMAGE_H_
#define COPPICE_SOURCE_TESTING_PYTHON_IMAGE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace coppice {

// Objects as marshal.c writes them. A text of up to 255 bytes is a short ASCII one.
std::string MarshalledNumber(int32_t value);
std::string MarshalledText(const std::string& text);
std::string MarshalledBytes(const std::string& bytes);
std::string MarshalledTuple(const std::vector<std::string>& elements);
std::string MarshalledTexts(const std::vector<std::string>& texts);
std::string MarshalledReference(int32_t index);
inline constexpr char kMarshalledNone[] = "N";

// The object takes the next place in the table of references.
std::string Referable(std::string object);

struct PythonRelease {
  std::string name;
  uint16_t magic = 0;
  bool has_qualified_names = false;  // the code objects of 3.11 and later
  uint8_t load_const = 0;
  uint8_t import_name = 0;
  uint8_t extended_arg = 0;
};

std::vector<PythonRelease> PythonReleases();
PythonRelease Python311();

class PythonImage {
 public:
  explicit PythonImage(PythonRelease release = Python311()) : release_(std::move(release)) {}

  // Each gives the index of what it adds, which is an object with its type.
  uint32_t AddConstant(const std::string& object);
  uint32_t AddName(const std::string& object);

  // Adds an instruction, after what makes its argument longer than a byte.
  void Add(uint8_t instruction, uint32_t argument);
  void LoadConst(uint32_t constant) { Add(release_.load_const, constant); }
  void ImportName(uint32_t name) { Add(release_.import_name, name); }

  // Adds a statement from these objects.
  void Import(const std::string& level, const std::string& from, const std::string& name);
  // And from these values; without names after `import` it is no `from`.
  void Import(int level, const std::string& name, const std::vector<std::string>& from = {});

  // In place of the tuples of what was added.
  void set_constants(const std::string& object) { constants_object_ = object; }
  void set_names(const std::string& object) { names_object_ = object; }

  // The code object, and the file. Its names end so many bytes before the end.
  std::string Code() const { return CodeHead() + CodeTail(); }
  std::string Bytes() const;
  size_t TailBytes() const { return CodeTail().size(); }

 private:
  std::string CodeHead() const;
  std::string CodeTail() const;

  PythonRelease release_;
  std::string instructions_;
  std::vector<std::string> constants_;
  std::vector<std::string> names_;
  std::string constants_object_;
  std::string names_object_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_TESTING_PYTHON_IMAGE_H_
