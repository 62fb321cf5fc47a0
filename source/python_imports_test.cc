#include "source/python_imports.h"

#include <sys/wait.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/testing/python_image.h"
#include "source/testing/temporary_directory.h"

namespace coppice {

// For messages of a test that fails.
void PrintTo(const PythonImport& import, std::ostream* out) {
  *out << import.level << " '" << import.name << "' " << testing::PrintToString(import.from);
}

namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

using Imports = std::vector<PythonImport>;

// In memory that ends with the bytes, so that a read behind them shows.
std::optional<Imports> Parse(const std::string& bytes) {
  return ParsePythonImports(std::vector<char>(bytes.begin(), bytes.end()));
}

std::optional<Imports> Parse(const PythonImage& image) { return Parse(image.Bytes()); }

// A module that defines a function, in whose code the first two references are made possible and
// the second is made.
std::string FunctionCode(const PythonRelease& release) {
  PythonImage function(release);
  function.Import(0, "in_a_function");
  function.AddConstant(Referable(MarshalledText("first")));
  function.AddConstant(MarshalledReference(1));
  return Referable(function.Code());
}

// Statements of each form, and what lies between them in real modules.
PythonImage UsualModule(const PythonRelease& release) {
  PythonImage image(release);
  image.AddConstant(FunctionCode(release));                      // 0, and 1 in it
  image.Import(Referable(MarshalledNumber(0)), kMarshalledNone,  // 2
               Referable(MarshalledText("os")));                 // 5, because names come later
  image.Add(0, 0);
  image.Import(MarshalledReference(2), Referable(MarshalledTexts({"sep"})),  // 3
               MarshalledText("os.path"));
  image.Import(1, "", {"sibling", "other"});
  image.LoadConst(image.AddConstant(Referable(MarshalledBytes("docs"))));  // 4
  image.Import(2, "above.it", {"*"});
  image.Import(MarshalledReference(2), MarshalledReference(3), MarshalledReference(5));
  return image;
}

Imports UsualImports() {
  return {{0, "os", {}},
          {0, "os.path", {"sep"}},
          {1, "", {"sibling", "other"}},
          {2, "above.it", {}},
          {0, "os", {"sep"}}};
}

TEST(PythonImportsTest, EachReleaseTellsItsImportsInTheirOrder) {
  for (const PythonRelease& release : PythonReleases()) {
    EXPECT_THAT(Parse(UsualModule(release)), Optional(Eq(UsualImports()))) << release.name;
  }
}

TEST(PythonImportsTest, AModuleWithoutImportsHasAnEmptyAnswer) {
  EXPECT_THAT(Parse(PythonImage()), Optional(IsEmpty()));
}

TEST(PythonImportsTest, WhatIsImportedTwiceIsToldTwice) {
  PythonImage image;
  image.Import(0, "a");
  image.Import(0, "a");
  EXPECT_THAT(Parse(image), Optional(SizeIs(2)));
}

TEST(PythonImportsTest, FilesThatAreCheckedByAHashAreRead) {
  std::string bytes = UsualModule(Python311()).Bytes();
  bytes[4] = 3;
  EXPECT_THAT(Parse(bytes), Optional(Eq(UsualImports())));
}

TEST(PythonImportsTest, TheNamesMayBeATupleOfTheConstants) {
  PythonImage image;
  image.Import(MarshalledNumber(0), Referable(MarshalledTexts({"a", "b"})), kMarshalledNone);
  image.set_names(MarshalledReference(0));
  EXPECT_THAT(Parse(image), Optional(ElementsAre(PythonImport{0, "a", {"a", "b"}})));
}

TEST(PythonImportsTest, ArgumentsAreAsLongAsTheyNeed) {
  for (const size_t before : {255, 256, 257, 65'535, 65'536, 66'000}) {
    PythonImage image;
    for (size_t i = 0; i < before; ++i) {
      image.AddConstant(MarshalledText("constant"));
      image.AddName(MarshalledText("variable"));
    }
    image.Import(3, "far", {"away"});
    image.Import(0, "next");
    EXPECT_THAT(Parse(image), Optional(ElementsAre(PythonImport{3, "far", {"away"}},
                                                   PythonImport{0, "next", {}})))
        << before;
  }
}

// Each wrong statement is followed by a right one.
TEST(PythonImportsTest, StatementsThatDoNotFitAreLeftOut) {
  const std::string zero = MarshalledNumber(0), one = MarshalledNumber(1);
  const std::string none = kMarshalledNone, name = MarshalledText("wrong");
  const struct {
    std::string level, from, name;
  } statements[] = {
      {none, none, name},
      {MarshalledText("0"), none, name},
      {MarshalledNumber(-1), none, name},
      {MarshalledNumber(kPythonLevelMax + 1), none, name},
      {zero, zero, name},
      {zero, MarshalledText("from"), name},
      {zero, MarshalledTuple({MarshalledText("from"), one}), name},
      {zero, MarshalledTuple({MarshalledTexts({"from"})}), name},
      {zero, MarshalledTexts({"from", ""}), name},
      {zero, MarshalledTexts({"fr.om"}), name},
      {zero, MarshalledTexts({"fr/om"}), name},
      {zero, MarshalledTexts({".."}), name},
      {zero, MarshalledTexts({std::string("fr\0om", 5)}), name},
      {zero, MarshalledTexts({std::string(kPythonNameBytesMax + 1, 'x')}), name},
      {zero, none, MarshalledText("")},
      {one, none, MarshalledText(".")},
      {zero, none, MarshalledText("..")},
      {zero, none, MarshalledText(".wrong")},
      {zero, none, MarshalledText("wrong.")},
      {zero, none, MarshalledText("wr..ong")},
      {zero, none, MarshalledText("../wrong")},
      {zero, none, MarshalledText(std::string("wr\0ong", 6))},
      {zero, none, MarshalledText(std::string(kPythonNameBytesMax + 1, 'x'))},
      {zero, none, MarshalledText("x." + std::string(kPythonNameBytesMax - 1, 'x'))},
  };
  for (size_t i = 0; i < std::size(statements); ++i) {
    PythonImage image;
    image.Import(statements[i].level, statements[i].from, statements[i].name);
    image.Import(0, "right");
    EXPECT_THAT(Parse(image), Optional(ElementsAre(PythonImport{0, "right", {}}))) << i;
  }
}

TEST(PythonImportsTest, AStatementTakesTwoConstantsThatAreThere) {
  PythonImage image;
  image.AddConstant(MarshalledNumber(0));
  image.AddConstant(kMarshalledNone);
  image.AddName(MarshalledText("wrong"));
  image.ImportName(0);
  image.LoadConst(1);
  image.ImportName(0);
  image.Import(0, "right");
  image.ImportName(0);
  for (const auto& [level, from, name] :
       {std::array<uint32_t, 3>{99, 1, 0}, {0, 99, 0}, {0, 1, 99}, {0, 1, UINT32_MAX}}) {
    image.LoadConst(level);
    image.LoadConst(from);
    image.ImportName(name);
  }
  EXPECT_THAT(Parse(image), Optional(ElementsAre(PythonImport{0, "right", {}})));
}

TEST(PythonImportsTest, TheLongestNameAndTheHighestLevelAreTold) {
  const std::string longest(kPythonNameBytesMax, 'x');
  PythonImage image;
  image.Import(kPythonLevelMax, longest, {longest});
  EXPECT_THAT(Parse(image),
              Optional(ElementsAre(PythonImport{kPythonLevelMax, longest, {longest}})));
}

TEST(PythonImportsTest, StatementsBeyondTheLimitAreLeftOut) {
  PythonImage image;
  for (size_t i = 0; i < kPythonImportsMax + 10; ++i) image.Import(0, absl::StrCat("m", i));
  const auto imports = Parse(image);
  ASSERT_THAT(imports, Optional(SizeIs(kPythonImportsMax)));
  EXPECT_EQ(imports->back().name, absl::StrCat("m", kPythonImportsMax - 1));
}

TEST(PythonImportsTest, AManyTimesLargeTupleIsToldWithinTheLimit) {
  const std::vector<std::string> most(kPythonFromNamesMax - 1, "x");
  PythonImage image;
  const std::string zero = MarshalledNumber(0), name = MarshalledText("name");
  image.Import(zero, Referable(MarshalledTexts(most)), name);
  for (int i = 0; i < 100; ++i) image.Import(zero, MarshalledReference(0), name);
  image.Import(0, "name", {"last"});
  EXPECT_THAT(Parse(image), Optional(ElementsAre(PythonImport{0, "name", most},
                                                 PythonImport{0, "name", {"last"}})));
}

TEST(PythonImportsTest, AFileThatEndsBeforeTheNamesHasNoAnswer) {
  for (const PythonRelease& release : PythonReleases()) {
    const PythonImage image = UsualModule(release);
    const std::string good = image.Bytes();
    const size_t needed = good.size() - image.TailBytes();
    for (size_t length = 0; length < good.size(); ++length) {
      const auto imports = Parse(good.substr(0, length));
      ASSERT_EQ(imports.has_value(), length >= needed) << release.name << " " << length;
      ASSERT_EQ(imports.value_or(UsualImports()), UsualImports());
    }
  }
}

// What the caller relies on holds for whatever comes out.
TEST(PythonImportsTest, EveryChangedByteIsSurvived) {
  for (const PythonRelease& release : {PythonReleases().front(), PythonReleases().back()}) {
    const std::string good = UsualModule(release).Bytes();
    for (size_t at = 0; at < good.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string bad = good;
        bad[at] = static_cast<char>(byte);
        for (const PythonImport& import : Parse(bad).value_or(Imports())) {
          ASSERT_LE(import.name.size(), kPythonNameBytesMax);
          ASSERT_EQ(import.name.find_first_of(std::string("/\0", 2)), std::string::npos);
          ASSERT_TRUE(import.level > 0 || !import.name.empty());
        }
      }
    }
  }
}

// Writes module.py, with more constants before the imports than a byte can count, and compiles it.
constexpr char kCompileProgram[] = R"(
import os, py_compile, sys
if not (3, 8) <= sys.version_info < (3, 14):
    sys.exit(77)
directory = os.path.dirname(os.path.abspath(__file__))
source = os.path.join(directory, 'module.py')
with open(source, 'w', encoding='utf-8') as file:
    file.write('"""Docs."""\nfrom __future__ import annotations\nimport os, sys as system\n')
    for i in range(300):
        file.write(f'variable{i} = "constant {i}"\n')
    file.write("""
import os.path as where
from collections import (OrderedDict, namedtuple as named)
from . import sibling
from .. import above
from ...package.module import one, two
from package import *
number = 2 ** 100 + 0.5j + 1.25
def function(one, *, two: int = 3):
    import in_a_function
class Class:
    import in_a_class
    def method(self):
        return [each for each in {1, 2} if each in (None, ..., b'bytes')]
try:
    import zlib
except ImportError:
    zlib = None
if system.flags.verbose:
    import \u00e4.nam\u00e9
""")
py_compile.compile(source, cfile=os.path.join(directory, 'module.pyc'), doraise=True)
)";

TEST(PythonImportsTest, TheInterpreterOfThisMachineWritesWhatIsRead) {
  constexpr char kPython[] = "/usr/bin/python3";
  if (!std::filesystem::exists(kPython)) GTEST_SKIP() << "NOT TESTED: there is no " << kPython;
  const TemporaryDirectory directory;
  directory.Write("compile.py", kCompileProgram);
  const int status =
      std::system(absl::StrCat(kPython, " -I '", directory.Below("compile.py"), "'").c_str());
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << "NOT TESTED: " << kPython << " is of no release that the parser knows";
  }
  ASSERT_EQ(WEXITSTATUS(status), 0);
  std::ifstream file(directory.Below("module.pyc"), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(Parse(bytes), Optional(Eq(Imports{{0, "__future__", {"annotations"}},
                                                {0, "os", {}},
                                                {0, "sys", {}},
                                                {0, "os.path", {}},
                                                {0, "collections", {"OrderedDict", "namedtuple"}},
                                                {1, "", {"sibling"}},
                                                {2, "", {"above"}},
                                                {3, "package.module", {"one", "two"}},
                                                {0, "package", {}},
                                                {0, "zlib", {}},
                                                {0, "\u00e4.nam\u00e9", {}}})));
}

}  // namespace
}  // namespace coppice
