#include "tree_builder/host_list.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uint16_t kPort = 7117;

std::string Error(absl::string_view text) {
  const auto members = ParseHostList(text, kPort);
  EXPECT_TRUE(absl::IsInvalidArgument(members.status())) << members.status();
  return std::string(members.status().message());
}

TEST(HostListTest, OneHostALineWithTheDefaultPort) {
  EXPECT_THAT(*ParseHostList("n1\nn2.cluster\n", kPort),
              ElementsAre(Member{"n1", "n1:7117"}, Member{"n2.cluster", "n2.cluster:7117"}));
  EXPECT_THAT(*ParseHostList("n1", 80), ElementsAre(Member{"n1", "n1:80"}));
}

TEST(HostListTest, BlanksCommentsAndLineEndsMeanNothing) {
  EXPECT_THAT(
      *ParseHostList("# all of them\n\n \t\n  n1 # the first\r\n\tn2\t \n#n3\nn4#n5", kPort),
      ElementsAre(Member{"n1", "n1:7117"}, Member{"n2", "n2:7117"}, Member{"n4", "n4:7117"}));
}

TEST(HostListTest, ARepeatedNameCountsOnceAtItsFirstPlace) {
  EXPECT_THAT(*ParseHostList("b\nb\na\nb\na\nc\n", kPort),
              ElementsAre(Member{"b", "b:7117"}, Member{"a", "a:7117"}, Member{"c", "c:7117"}));
  EXPECT_THAT(*ParseHostList("a\na a:7117\na", kPort), ElementsAre(Member{"a", "a:7117"}));
}

TEST(HostListTest, TheSecondColumnIsTheAddress) {
  EXPECT_THAT(*ParseHostList("m0 localhost:9000\nm1\t[::1]:9001 # v6\nm2\n", kPort),
              ElementsAre(Member{"m0", "localhost:9000"}, Member{"m1", "[::1]:9001"},
                          Member{"m2", "m2:7117"}));
}

TEST(HostListTest, AnErrorNamesTheLineAndTheText) {
  EXPECT_THAT(Error("n1\n\nn/2\n"), HasSubstr("line 3: '/' cannot be in the host name 'n/2'"));
  EXPECT_THAT(Error("n1 n1:1 x"), HasSubstr("line 1: a third column 'x' in 'n1 n1:1 x'"));
  EXPECT_THAT(Error("n1 n2\n"), HasSubstr("line 1: address 'n2' has no port"));
  EXPECT_THAT(Error("n1 n1:0"), HasSubstr("line 1: address 'n1:0': the port '0'"));
  EXPECT_THAT(Error(std::string("n\0002", 3)), HasSubstr("line 1: '\\x00' cannot be"));
}

TEST(HostListTest, RangesAreRefusedWithTheCure) {
  EXPECT_THAT(Error("nid[001-128]"), HasSubstr("line 1: '[' cannot be in the host name"));
  EXPECT_THAT(Error("nid[001-128]"), HasSubstr("give one host a line"));
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
    EXPECT_THAT(Error(text), StartsWith("no hosts: give one host name a line")) << text;
  }
}

TEST(HostListTest, ALineIsLimited) {
  EXPECT_TRUE(ParseHostList("n1 #" + std::string(kHostLineBytesMax - 4, 'x'), kPort).ok());
  const std::string error = Error("n1\nn2 #" + std::string(kHostLineBytesMax, 'x'));
  EXPECT_THAT(error, HasSubstr("line 2: 'n2 #xxx"));
  EXPECT_THAT(error, HasSubstr("longer than 4096 bytes"));
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
