// Makes the bytes of a small 64-bit ELF object for a test: a segment with its strings, a writable
// one with its dynamic section, and nothing that could run.
#ifndef COPPICE_SOURCE_TESTING_ELF_IMAGE_H_
#define COPPICE_SOURCE_TESTING_ELF_IMAGE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace coppice {

struct ElfImage {
  std::vector<std::string> needed;
  std::string soname;
  std::string runpath;
  std::string rpath;
  uint64_t strings_at = 0x1000;  // where the string table lies, in the file
  uint64_t dynamic_at = 0x3000;  // and the dynamic section, after the strings
  uint64_t data_bytes = 0x1000;  // of the writable segment, which begins with the dynamic section

  // An address is this much above the place in the file.
  static constexpr uint64_t kAddressSkew = 0x10000;

  std::string Bytes() const;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_TESTING_ELF_IMAGE_H_
