#include "source/shared_object.h"

#include <elf.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/testing/elf_image.h"

namespace coppice {
namespace {

// What a test expects to be there.
DynamicSection DynamicOf(const std::string& bytes) {
  const auto object = SharedObject::Parse(bytes, bytes.size());
  if (!object.has_value()) return {};
  const ByteRange range = object->dynamic_section();
  return object->ParseDynamic(absl::MakeConstSpan(bytes).subspan(range.offset, range.length))
      .value_or(DynamicSection());
}

std::string StringAt(const std::string& bytes, const DynamicSection& dynamic, uint64_t offset) {
  return bytes.c_str() + dynamic.strings.offset + offset;
}

TEST(SharedObjectTest, TellsTheNeededNamesTheSearchPathAndTheSoname) {
  const std::string bytes =
      ElfImage{.needed = {"liba.so.1", "libb.so"}, .soname = "libme.so", .runpath = "$ORIGIN/x"}
          .Bytes();
  const DynamicSection dynamic = DynamicOf(bytes);
  ASSERT_EQ(dynamic.needed.size(), 2u);
  EXPECT_EQ(StringAt(bytes, dynamic, dynamic.needed[0]), "liba.so.1");
  EXPECT_EQ(StringAt(bytes, dynamic, dynamic.needed[1]), "libb.so");
  ASSERT_TRUE(dynamic.search_path.has_value());
  EXPECT_EQ(StringAt(bytes, dynamic, *dynamic.search_path), "$ORIGIN/x");
  EXPECT_TRUE(dynamic.has_soname);
  EXPECT_EQ(dynamic.tables_end, dynamic.strings.offset + dynamic.strings.length);
}

TEST(SharedObjectTest, TheRunpathGoesBeforeTheRpathAndTheRpathWillDo) {
  const std::string both = ElfImage{.runpath = "new", .rpath = "old"}.Bytes();
  EXPECT_EQ(StringAt(both, DynamicOf(both), *DynamicOf(both).search_path), "new");
  const std::string rpath = ElfImage{.rpath = "old"}.Bytes();
  EXPECT_EQ(StringAt(rpath, DynamicOf(rpath), *DynamicOf(rpath).search_path), "old");
  EXPECT_FALSE(DynamicOf(rpath).has_soname);
  EXPECT_FALSE(DynamicOf(ElfImage{}.Bytes()).search_path.has_value());
}

TEST(SharedObjectTest, TheWritableDataEndsWithTheFile) {
  const ElfImage image = {.dynamic_at = 0x5000, .data_bytes = 0x2000};
  const std::string bytes = image.Bytes();
  const auto whole = SharedObject::Parse(bytes, bytes.size());
  ASSERT_TRUE(whole.has_value());
  EXPECT_THAT(whole->Writable(), testing::ElementsAre(ByteRange{0x5000, 0x2000}));
  const auto cut = SharedObject::Parse(bytes, 0x6000);
  ASSERT_TRUE(cut.has_value());
  EXPECT_THAT(cut->Writable(), testing::ElementsAre(ByteRange{0x5000, 0x1000}));
}

TEST(SharedObjectTest, WhatIsNoObjectIsNone) {
  const std::string good = ElfImage{}.Bytes();
  EXPECT_FALSE(SharedObject::Parse("", 0).has_value());
  EXPECT_FALSE(SharedObject::Parse(std::string(4096, 'x'), 4096).has_value());
  // A head that ends within the headers.
  EXPECT_FALSE(SharedObject::Parse(good.substr(0, 63), good.size()).has_value());
  EXPECT_FALSE(SharedObject::Parse(good.substr(0, 100), good.size()).has_value());
  // A file that ends before the dynamic section.
  EXPECT_FALSE(SharedObject::Parse(good, 0x2000).has_value());
  for (const auto& [offset, byte] : {std::pair<size_t, char>{EI_CLASS, ELFCLASS32},
                                     {EI_DATA, ELFDATA2MSB},
                                     {offsetof(Elf64_Ehdr, e_type), ET_REL},
                                     {offsetof(Elf64_Ehdr, e_phentsize), 8},
                                     {offsetof(Elf64_Ehdr, e_phnum), kSegmentsMax + 1}}) {
    std::string bad = good;
    bad[offset] = byte;
    EXPECT_FALSE(SharedObject::Parse(bad, bad.size()).has_value()) << "byte " << offset;
  }
}

TEST(SharedObjectTest, EveryBrokenByteOfTheHeadersAndTheDynamicSectionIsSurvived) {
  const ElfImage image = {.needed = {"a", "b"}, .soname = "c", .runpath = "d"};
  const std::string good = image.Bytes();
  for (size_t at = 0; at < good.size(); ++at) {
    if (at == 512) at = image.dynamic_at;
    if (at == image.dynamic_at + 256) break;
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      std::string bad = good;
      bad[at] = byte;
      const auto object = SharedObject::Parse(bad, bad.size());
      if (!object.has_value()) continue;
      const ByteRange range = object->dynamic_section();
      ASSERT_LE(range.offset + range.length, bad.size());
      const auto dynamic =
          object->ParseDynamic(absl::MakeConstSpan(bad).subspan(range.offset, range.length));
      if (!dynamic.has_value()) continue;
      ASSERT_LE(dynamic->strings.offset + dynamic->strings.length, bad.size());
      ASSERT_LE(dynamic->tables_end, bad.size());
    }
  }
}

TEST(SharedObjectTest, ThisVeryProgramNeedsTheCLibrary) {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const DynamicSection dynamic = DynamicOf(bytes);
  std::vector<std::string> names;
  for (const uint64_t name : dynamic.needed) names.push_back(StringAt(bytes, dynamic, name));
  EXPECT_THAT(names, testing::Contains("libc.so.6"));
  EXPECT_GT(dynamic.tables_end, dynamic.strings.offset);
}

}  // namespace
}  // namespace coppice
