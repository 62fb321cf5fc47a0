#include "source/code_references.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kAddress = 0x401000;

std::string Code(std::initializer_list<int> bytes) {
  std::string code;
  for (const int byte : bytes) code.push_back(static_cast<char>(byte));
  return code;
}

TEST(CodeReferencesTest, ACallLeadsFromTheNextInstructionForwardAndBack) {
  EXPECT_THAT(CodeReferences(Code({0xe8, 0x10, 0x20, 0x00, 0x00}), kAddress),
              ElementsAre(kAddress + 5 + 0x2010));
  EXPECT_THAT(CodeReferences(Code({0x90, 0xe8, 0xfe, 0xff, 0xff, 0xff}), kAddress),
              ElementsAre(kAddress + 6 - 2));
}

TEST(CodeReferencesTest, AnAddressThatIsLoadedIsOneWhateverTheRegister) {
  // lea rax, [rip + 0x100]; lea r15, [rip + 0x100].
  EXPECT_THAT(CodeReferences(Code({0x48, 0x8d, 0x05, 0x00, 0x01, 0x00, 0x00}), kAddress),
              ElementsAre(kAddress + 7 + 0x100));
  EXPECT_THAT(CodeReferences(Code({0x4c, 0x8d, 0x3d, 0x00, 0x01, 0x00, 0x00}), kAddress),
              ElementsAre(kAddress + 7 + 0x100));
}

TEST(CodeReferencesTest, AnAddressRelativeToARegisterIsNone) {
  // lea rax, [rbp + 0x100]; mov rax, [rip + 0x100].
  EXPECT_THAT(CodeReferences(Code({0x48, 0x8d, 0x85, 0x00, 0x01, 0x00, 0x00}), kAddress),
              IsEmpty());
  EXPECT_THAT(CodeReferences(Code({0x48, 0x8b, 0x05, 0x00, 0x01, 0x00, 0x00}), kAddress),
              IsEmpty());
}

TEST(CodeReferencesTest, AllOfThemInTheirOrder) {
  EXPECT_THAT(CodeReferences(Code({0x48, 0x8d, 0x3d, 0x01, 0x00, 0x00, 0x00,  //
                                   0x55,                                      //
                                   0xe8, 0x02, 0x00, 0x00, 0x00}),
                             kAddress),
              ElementsAre(kAddress + 7 + 1, kAddress + 13 + 2));
}

TEST(CodeReferencesTest, CodeThatEndsWithinAnInstructionIsSurvived) {
  const std::string code = Code({0x48, 0x8d, 0x3d, 0x01, 0x00, 0x00, 0x00});
  for (size_t size = 0; size < code.size(); ++size) {
    // As long as it says, so that a sanitizer sees a byte too far.
    const std::string cut = code.substr(0, size);
    EXPECT_THAT(CodeReferences(cut, kAddress), IsEmpty()) << size;
  }
  EXPECT_THAT(CodeReferences(Code({0xe8, 0x01, 0x00, 0x00}), kAddress), IsEmpty());
}

}  // namespace
}  // namespace coppice
