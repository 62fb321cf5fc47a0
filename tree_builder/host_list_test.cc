#include "tree_builder/host_list.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kPort[] = "%h:7117";

std::string Error(absl::string_view text) {
  const auto members = ParseHostList(text, kPort);
  EXPECT_TRUE(absl::IsInvalidArgument(members.status())) << members.status();
  return std::string(members.status().message());
}

TEST(HostListTest, OneHostALineWithTheDefaultPort) {
  EXPECT_THAT(*ParseHostList("n1\nn2.cluster\n", kPort),
              ElementsAre(Member{"n1", {"n1:7117"}}, Member{"n2.cluster", {"n2.cluster:7117"}}));
  EXPECT_THAT(*ParseHostList("n1", "%h:80"), ElementsAre(Member{"n1", {"n1:80"}}));
}

TEST(HostListTest, BlanksCommentsAndLineEndsMeanNothing) {
  EXPECT_THAT(
      *ParseHostList("# all of them\n\n \t\n  n1 # the first\r\n\tn2\t \n#n3\nn4#n5", kPort),
      ElementsAre(Member{"n1", {"n1:7117"}}, Member{"n2", {"n2:7117"}}, Member{"n4", {"n4:7117"}}));
}

TEST(HostListTest, ARepeatedNameCountsOnceAtItsFirstPlace) {
  EXPECT_THAT(
      *ParseHostList("b\nb\na\nb\na\nc\n", kPort),
      ElementsAre(Member{"b", {"b:7117"}}, Member{"a", {"a:7117"}}, Member{"c", {"c:7117"}}));
  EXPECT_THAT(*ParseHostList("a\na a:7117\na", kPort), ElementsAre(Member{"a", {"a:7117"}}));
}

TEST(HostListTest, TheSecondColumnIsTheAddress) {
  EXPECT_THAT(*ParseHostList("m0 localhost:9000\nm1\t[::1]:9001 # v6\nm2\n", kPort),
              ElementsAre(Member{"m0", {"localhost:9000"}}, Member{"m1", {"[::1]:9001"}},
                          Member{"m2", {"m2:7117"}}));
}

TEST(HostListTest, AnErrorNamesTheLineAndTheText) {
  EXPECT_THAT(Error("n1\n\nn/2\n"),
              HasSubstr("line 3: column 2: '/' cannot be in the host name 'n/2'"));
  EXPECT_THAT(Error("n1 n1:1 x"), HasSubstr("line 1: column 9: a third column 'x'"));
  EXPECT_THAT(Error("n1 n2\n"), HasSubstr("line 1: column 4: address 'n2' has no port"));
  EXPECT_THAT(Error("n1 n1:0"), HasSubstr("line 1: column 4: address 'n1:0': the port '0'"));
  EXPECT_THAT(Error(std::string("n\0002", 3)), HasSubstr("line 1: column 2: '\\x00' cannot be"));
}

TEST(HostListTest, ALineMayBeAnExpression) {
  EXPECT_THAT(*ParseHostList("n[01-02] # two\na,n02\n", kPort),
              ElementsAre(Member{"n01", {"n01:7117"}}, Member{"n02", {"n02:7117"}},
                          Member{"a", {"a:7117"}}));
  EXPECT_THAT(Error("a\n  n[1-"), HasSubstr("line 2: column 4: '[' is never closed"));
}

TEST(HostListTest, AShortNameAndItsFullNameAreOneMember) {
  // As PBS may write them: one line a rank, and both kinds.
  EXPECT_THAT(*ParseHostList("n1.c.org\nn1\nn2\nn2.c.org\nn2\nn1.c.org\n", kPort),
              ElementsAre(Member{"n1.c.org", {"n1.c.org:7117"}}, Member{"n2", {"n2:7117"}}));
  EXPECT_THAT(*ParseHostList("n1.a\nn1.b\n", kPort),
              ElementsAre(Member{"n1.a", {"n1.a:7117"}}, Member{"n1.b", {"n1.b:7117"}}));
  // Of addresses, the first part is no name.
  EXPECT_EQ(ParseHostList("10\n10.0.0.1\n10.0.0.2\n", kPort)->size(), 3u);
}

TEST(HostListTest, AShortNameOfTwoFullNamesIsAnError) {
  for (const char* text : {"n1.a\nn1.b\nn1", "n1\nn1.a\nn1.b", "n1.a\nn1\nn1.b"}) {
    EXPECT_THAT(Error(text), AllOf(StartsWith("line "), HasSubstr("the short name 'n1' on line"),
                                   HasSubstr("is that of two hosts")));
  }
}

TEST(HostListTest, AShortAndAFullNameWithDifferentGivenAddressesAreAnError) {
  EXPECT_THAT(Error("n1 x:1\nn1.a"), HasSubstr("'n1.a' has the address 'n1.a:7117' here and "
                                               "'x:1' on line 1"));
  EXPECT_EQ(ParseHostList("n1 x:1\nn1.a x:1", kPort)->size(), 1u);
}

TEST(HostListTest, AMemberMayHaveSeveralAddresses) {
  EXPECT_THAT(*ParseHostList("n1 [fd00::1]:9000,10.0.0.1:9000\n", kPort),
              ElementsAre(Member{"n1", {"[fd00::1]:9000", "10.0.0.1:9000"}}));
  EXPECT_THAT(*ParseHostList("n[1-2].org %s-a:1,%h:2\n", kPort),
              ElementsAre(Member{"n1.org", {"n1-a:1", "n1.org:2"}},
                          Member{"n2.org", {"n2-a:1", "n2.org:2"}}));
  EXPECT_THAT(*ParseHostList("n1", "%h-hsn0:7,%h-hsn1:7"),
              ElementsAre(Member{"n1", {"n1-hsn0:7", "n1-hsn1:7"}}));
}

TEST(HostListTest, AddressesAreChecked) {
  EXPECT_THAT(Error("n1 a:1,,b:1"), HasSubstr("line 1: column 4: address '' has no port"));
  EXPECT_THAT(Error("n1 a:1,a:1"), HasSubstr("has the address 'a:1' of 'n1'"));
  EXPECT_THAT(Error("n[1-2] a:1"), HasSubstr("the host 'n2' has the address 'a:1' of 'n1'"));
  std::string many = "n1 a:1";
  for (size_t i = 2; i <= kAddressesMax; ++i) absl::StrAppend(&many, ",a:", i);
  EXPECT_TRUE(ParseHostList(many, kPort).ok());
  EXPECT_THAT(Error(many + ",a:17"), HasSubstr("more than 16 addresses of 'n1'"));
  EXPECT_TRUE(CheckAddressColumn("%h:1,[::1]:2").ok());
  EXPECT_FALSE(CheckAddressColumn("%h").ok());
}

TEST(HostListTest, ANameWithTwoAddressesIsAnError) {
  EXPECT_THAT(Error("a a:1\nb\na a:2"),
              HasSubstr("line 3: the host 'a' has the address 'a:2' here and 'a:1' on line 1"));
  EXPECT_THAT(Error("a\na a:2"), HasSubstr("here and 'a:7117' on line 1"));
}

TEST(HostListTest, AnAddressOfTwoNamesIsAnError) {
  EXPECT_THAT(Error("a\nb x:1\nc x:1"),
              HasSubstr("line 3: the host 'c' has the address 'x:1' of 'b' on line 2"));
}

TEST(HostListTest, AnEmptyListSaysHowToGiveHosts) {
  for (const char* text : {"", "\n\n", "# none\n", "  \t \r\n"}) {
    EXPECT_THAT(Error(text), StartsWith("no hosts: give host names")) << text;
  }
}

TEST(HostListTest, ALineIsLimited) {
  EXPECT_TRUE(ParseHostList("n1 #" + std::string(kHostLineBytesMax - 4, 'x'), kPort).ok());
  const std::string error = Error("n1\nn2 #" + std::string(kHostLineBytesMax, 'x'));
  EXPECT_THAT(error, HasSubstr("line 2: 'n2 #xxx"));
  EXPECT_THAT(error, HasSubstr("longer than 1048576 bytes"));
  EXPECT_LT(error.size(), 300u);
}

TEST(HostListTest, TheNumberOfHostsIsLimited) {
  std::string text;
  for (size_t i = 0; i < kMembersMax; ++i) absl::StrAppend(&text, "n", i, "\n");
  const auto members = ParseHostList(text, kPort);
  ASSERT_TRUE(members.ok()) << members.status();
  EXPECT_EQ(members->size(), kMembersMax);
  EXPECT_TRUE(ParseHostList(text + "n0\n", kPort).ok());
  EXPECT_THAT(Error(text + "other\n"), HasSubstr("line 1000001: more than 1000000 hosts"));
}

}  // namespace
}  // namespace coppice
