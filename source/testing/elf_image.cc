#include "source/testing/elf_image.h"

#include <elf.h>

#include <cstring>

namespace coppice {
namespace {

template <typename T>
void Put(std::string& bytes, uint64_t at, const T& value) {
  if (bytes.size() < at + sizeof(value)) bytes.resize(at + sizeof(value));
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

}  // namespace

std::string ElfImage::Bytes() const {
  std::string strings(1, '\0');
  std::vector<Elf64_Dyn> entries;
  const auto add_value = [&entries](int64_t tag, uint64_t value) {
    Elf64_Dyn entry = {};
    entry.d_tag = tag;
    entry.d_un.d_val = value;
    entries.push_back(entry);
  };
  const auto add_string = [&](int64_t tag, const std::string& text) {
    add_value(tag, strings.size());
    strings += text;
    strings += '\0';
  };
  for (const std::string& name : needed) add_string(DT_NEEDED, name);
  if (!soname.empty()) add_string(DT_SONAME, soname);
  if (!rpath.empty()) add_string(DT_RPATH, rpath);
  if (!runpath.empty()) add_string(DT_RUNPATH, runpath);
  add_value(DT_STRTAB, strings_at + kAddressSkew);
  add_value(DT_STRSZ, strings.size());
  add_value(DT_NULL, 0);

  std::string bytes(dynamic_at + data_bytes, '\0');
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 3;
  Put(bytes, 0, header);
  Elf64_Phdr read_only = {};
  read_only.p_type = PT_LOAD;
  read_only.p_flags = PF_R;
  read_only.p_vaddr = kAddressSkew;
  read_only.p_filesz = read_only.p_memsz = dynamic_at;
  Elf64_Phdr writable = read_only;
  writable.p_flags = PF_R | PF_W;
  writable.p_offset = dynamic_at;
  writable.p_vaddr = dynamic_at + kAddressSkew;
  writable.p_filesz = writable.p_memsz = data_bytes;
  Elf64_Phdr dynamic = writable;
  dynamic.p_type = PT_DYNAMIC;
  dynamic.p_filesz = entries.size() * sizeof(Elf64_Dyn);
  Put(bytes, sizeof(header), read_only);
  Put(bytes, sizeof(header) + sizeof(Elf64_Phdr), writable);
  Put(bytes, sizeof(header) + 2 * sizeof(Elf64_Phdr), dynamic);
  bytes.replace(strings_at, strings.size(), strings);
  for (size_t i = 0; i < entries.size(); ++i) {
    Put(bytes, dynamic_at + i * sizeof(Elf64_Dyn), entries[i]);
  }
  return bytes;
}

}  // namespace coppice
