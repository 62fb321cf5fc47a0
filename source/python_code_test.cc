#include "source/python_code.h"

#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/testing/python_image.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

// Whether there is an answer, from memory that ends with the bytes, so that a read behind them
// shows.
bool Parses(const std::string& bytes) {
  return PythonCode::Parse(std::vector<char>(bytes.begin(), bytes.end())).has_value();
}

TEST(PythonCodeTest, TellsTheInstructionsConstantsAndNames) {
  for (const PythonRelease& release : PythonReleases()) {
    PythonImage image(release);
    image.AddConstant(MarshalledNumber(-7));
    image.AddConstant(MarshalledTexts({"a", "b"}));
    image.AddConstant(kMarshalledNone);
    image.AddName(MarshalledText("name"));
    image.LoadConst(1);
    const std::string bytes = image.Bytes();
    const auto code = PythonCode::Parse(bytes);
    ASSERT_TRUE(code.has_value()) << release.name;
    EXPECT_EQ(code->instructions(), std::string({static_cast<char>(release.load_const), 1}));
    EXPECT_EQ(code->numbers().load_const, release.load_const);
    EXPECT_EQ(code->numbers().import_name, release.import_name);
    EXPECT_EQ(code->numbers().extended_arg, release.extended_arg);
    EXPECT_EQ(code->Number(0), -7);
    EXPECT_EQ(code->TupleSize(1), 2u);
    EXPECT_THAT(code->Strings(1), Optional(ElementsAre("a", "b")));
    EXPECT_EQ(code->TupleSize(2), 0u);
    EXPECT_EQ(code->Name(0), "name");
  }
}

TEST(PythonCodeTest, TellsNothingOfWhatIsNotThereOrSomethingElse) {
  PythonImage image;
  image.AddConstant(MarshalledNumber(-7));
  image.AddConstant(MarshalledTuple({MarshalledText("a"), MarshalledNumber(1)}));
  image.AddConstant(MarshalledTuple({MarshalledBytes("a")}));
  const std::string bytes = image.Bytes();
  const auto code = PythonCode::Parse(bytes);
  ASSERT_TRUE(code.has_value());
  for (const uint32_t constant : {1u, 2u, 3u, UINT32_MAX}) {
    EXPECT_EQ(code->Number(constant), std::nullopt) << constant;
    EXPECT_EQ(code->Strings(constant), std::nullopt) << constant;
  }
  EXPECT_EQ(code->TupleSize(0), std::nullopt);
  EXPECT_EQ(code->Strings(0), std::nullopt);
  EXPECT_EQ(code->TupleSize(3), std::nullopt);
  EXPECT_EQ(code->Name(0), std::nullopt);
}

TEST(PythonCodeTest, OtherReleasesAndOtherFilesHaveNoAnswer) {
  // 3.7, betas of 3.12 and 3.13, 3.14, and Python 2.7.
  for (const uint16_t magic : {3394, 3530, 3570, 3627, 62211}) {
    PythonRelease release = Python311();
    release.magic = magic;
    EXPECT_FALSE(Parses(PythonImage(release).Bytes())) << magic;
  }
  const std::string good = PythonImage().Bytes();
  ASSERT_TRUE(Parses(good));
  for (const auto& [at, byte] : {std::pair<size_t, char>{2, '\n'},
                                 {3, '\r'},
                                 {4, 4},     // a flag that nobody knows
                                 {7, 1},     // another
                                 {16, 'N'},  // a None instead of the code
                                 {16, '0'}}) {
    std::string bad = good;
    bad[at] = byte;
    EXPECT_FALSE(Parses(bad)) << "byte " << at;
  }
  EXPECT_FALSE(Parses(""));
  EXPECT_FALSE(Parses("import os\nimport sys\nprint(os.path)\n"));
}

// The reference at the end is made to what comes just before it: each object that is passed over
// has to have the right length and the right number of places in the table.
TEST(PythonCodeTest, EachKindOfConstantIsPassedOver) {
  const std::string small = MarshalledNumber(7);
  const struct {
    std::string object;
    int places;
  } constants[] = {
      {"N", 0},
      {Referable("N"), 0},
      {"S", 0},
      {".", 0},
      {"F", 0},
      {"T", 0},
      {Referable("T"), 0},
      {Referable(small), 1},
      {Referable(std::string("l\3\0\0\0aabbcc", 11)), 1},
      {Referable(std::string("l\xfe\xff\xff\xffwxyz", 9)), 1},
      {Referable(std::string("l\0\0\0\0", 5)), 1},
      {Referable("f\0033.5"), 1},
      {Referable("g12345678"), 1},
      {Referable("x\0011\0043.25"), 1},
      {Referable("y1234567812345678"), 1},
      {Referable(MarshalledBytes("bytes")), 1},
      {Referable(std::string("t\2\0\0\0\xc3\xa4", 7)), 1},
      {Referable(std::string("u\2\0\0\0\xc3\xa4", 7)), 1},
      {Referable(std::string("a\1\0\0\0x", 6)), 1},
      {Referable(std::string("A\1\0\0\0x", 6)), 1},
      {Referable("z\1x"), 1},
      {Referable("Z\1x"), 1},
      {Referable(MarshalledTuple({Referable(small), "N", Referable("z\1x")})), 3},
      {Referable(std::string("(\2\0\0\0NT", 7)), 1},
      {Referable(std::string("[\1\0\0\0", 5) + Referable(small)), 2},
      {Referable(std::string("<\1\0\0\0", 5) + Referable(small)), 2},
      {Referable(std::string(">\1\0\0\0", 5) + Referable(small)), 2},
      {Referable(std::string(">\0\0\0\0", 5)), 1},
      {Referable("{" + Referable(small) + "N" + Referable("z\1x") + Referable(small) + "0"), 4},
      {Referable("{0"), 1},
  };
  int places = 0;
  PythonImage image;
  for (const auto& [object, object_places] : constants) {
    image.AddConstant(object);
    places += object_places;
    image.AddConstant(Referable(MarshalledNumber(places)));
    const uint32_t reference = image.AddConstant(MarshalledReference(places));
    const std::string bytes = image.Bytes();
    const auto code = PythonCode::Parse(bytes);
    ASSERT_TRUE(code.has_value()) << testing::PrintToString(object);
    EXPECT_EQ(code->Number(reference), places) << testing::PrintToString(object);
    ++places;
  }
}

TEST(PythonCodeTest, NamesAreStringsOfAnyKind) {
  const std::string length("\4\0\0\0", 4);
  for (const std::string& type : {std::string("z\4"), std::string("Z\4"), "a" + length,
                                  "A" + length, "t" + length, "u" + length}) {
    PythonImage image;
    image.AddConstant(MarshalledTuple({type + "text"}));
    image.AddName(type + "n\xc3\xa4m");
    const std::string bytes = image.Bytes();
    const auto code = PythonCode::Parse(bytes);
    ASSERT_TRUE(code.has_value()) << type;
    EXPECT_THAT(code->Strings(0), Optional(ElementsAre("text"))) << type;
    EXPECT_EQ(code->Name(0), "n\xc3\xa4m") << type;
  }
}

// The module's code is the first, its constants are the second.
std::string NestedTuples(size_t count) {
  std::string object = kMarshalledNone;
  for (size_t i = 0; i < count; ++i) object = MarshalledTuple({object});
  return object;
}

TEST(PythonCodeTest, DeepNestingHasNoAnswer) {
  PythonImage deepest, deeper;
  deepest.AddConstant(NestedTuples(kPythonNestingMax - 3));
  deeper.AddConstant(NestedTuples(kPythonNestingMax - 2));
  EXPECT_TRUE(Parses(deepest.Bytes()));
  EXPECT_FALSE(Parses(deeper.Bytes()));
  for (const char* opening : {"(\1\0\0\0", "[\1\0\0\0", "<\1\0\0\0", ">\1\0\0\0", "{"}) {
    std::string endless;
    for (int i = 0; i < 1'000'000; ++i) endless.append(opening, *opening == '{' ? 1 : 5);
    PythonImage image;
    image.AddConstant(endless);
    EXPECT_FALSE(Parses(image.Bytes())) << opening;
  }
}

TEST(PythonCodeTest, ALargeFileHasNoAnswer) {
  std::string bytes = PythonImage().Bytes();
  bytes.resize(kPythonFileBytesMax);
  EXPECT_TRUE(Parses(bytes));
  EXPECT_FALSE(Parses(bytes + "x"));
}

TEST(PythonCodeTest, MalformedObjectsHaveNoAnswer) {
  const std::string minus_one = "\xff\xff\xff\xff", most = "\xff\xff\xff\x7f";
  std::vector<std::string> objects = {"0",
                                      "?",
                                      "\x01",
                                      "c",
                                      "{N0",
                                      MarshalledTuple({"0"}),
                                      MarshalledReference(0),
                                      MarshalledReference(-1)};
  for (const char type : std::string("s(tuaA[<>l")) {
    if (type != 'l') objects.push_back(type + minus_one);
    objects.push_back(type + most);
    objects.push_back(type + std::string("\0\0\0\x80", 4));
  }
  for (const std::string& object : objects) {
    PythonImage image;
    image.AddConstant(object);
    image.set_names(std::string(")\0", 2));
    EXPECT_FALSE(Parses(image.Bytes())) << testing::PrintToString(object);
  }
  for (const std::string& tuple : {"(" + minus_one, "(" + most, std::string("N"),
                                   MarshalledText("text"), MarshalledReference(0)}) {
    PythonImage constants, names;
    constants.set_constants(tuple);
    names.set_names(tuple);
    EXPECT_FALSE(Parses(constants.Bytes())) << testing::PrintToString(tuple);
    EXPECT_FALSE(Parses(names.Bytes())) << testing::PrintToString(tuple);
  }
  PythonImage name;
  name.AddName(MarshalledNumber(1));
  EXPECT_FALSE(Parses(name.Bytes()));
  // The instructions, which come after the header, the code object's type and its five numbers.
  std::string bytes = PythonImage().Bytes();
  ASSERT_EQ(bytes[16 + 1 + 5 * 4], 's');
  for (const char type : std::string("ua(r")) {
    bytes[16 + 1 + 5 * 4] = type;
    EXPECT_FALSE(Parses(bytes)) << type;
  }
}

TEST(PythonCodeTest, AFileThatEndsInTheHeaderHasNoAnswer) {
  const std::string good = PythonImage().Bytes();
  for (size_t length = 0; length <= 16; ++length) {
    EXPECT_FALSE(Parses(good.substr(0, length))) << length;
  }
}

TEST(PythonCodeTest, ATupleThatHasItselfIsNoNames) {
  PythonImage image;
  image.AddConstant(Referable(MarshalledTuple({MarshalledReference(0)})));
  image.set_names(MarshalledReference(0));
  EXPECT_FALSE(Parses(image.Bytes()));
}

}  // namespace
}  // namespace coppice
