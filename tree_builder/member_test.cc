#include "tree_builder/member.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

std::string Message(const absl::Status& status) {
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(HostNameTest, ShortFullAndNumericNamesAreNames) {
  for (const char* name : {"n1", "x1000c0s0b0n0", "n1.cluster.example.org", "10.0.0.1", "node_7"}) {
    EXPECT_TRUE(CheckHostName(name).ok()) << name;
  }
}

TEST(HostNameTest, OtherCharactersAreNamedInTheError) {
  EXPECT_EQ(Message(CheckHostName("")), "a host name is empty");
  EXPECT_THAT(Message(CheckHostName("n/1")), HasSubstr("'/' cannot be in the host name 'n/1'"));
  EXPECT_THAT(Message(CheckHostName("n\xc3\xa9")), HasSubstr("'\\xc3' cannot be"));
  EXPECT_THAT(Message(CheckHostName("-n")), HasSubstr("does not start with"));
}

TEST(HostNameTest, RangesAndAddressesGetAHint) {
  EXPECT_THAT(Message(CheckHostName("nid[001-128]")), HasSubstr("one name is wanted here"));
  EXPECT_THAT(Message(CheckHostName("n1,n2")), HasSubstr("one name is wanted here"));
  EXPECT_THAT(Message(CheckHostName("n1:7117")), HasSubstr("second column"));
}

TEST(HostNameTest, TheShortNameEndsAtTheFirstDot) {
  EXPECT_EQ(ShortHostName("n1.cluster.org"), "n1");
  EXPECT_EQ(ShortHostName("n1"), "n1");
  EXPECT_EQ(ShortHostName("10.0.0.1"), "10.0.0.1");
}

TEST(MemberTest, TreesTakeTheAddressesInTurn) {
  const Member member = {.name = "n", .addresses = {"a:1", "b:1"}};
  EXPECT_EQ(member.AddressIn(0), "a:1");
  EXPECT_EQ(member.AddressIn(1), "b:1");
  EXPECT_EQ(member.AddressIn(2), "a:1");
  EXPECT_EQ(Member().AddressIn(3), "");
}

TEST(HostNameTest, LengthIsLimited) {
  EXPECT_TRUE(CheckHostName(std::string(kHostNameBytesMax, 'a')).ok());
  const std::string message = Message(CheckHostName(std::string(kHostNameBytesMax + 1, 'a')));
  EXPECT_THAT(message, HasSubstr("longer than 253"));
  EXPECT_LT(message.size(), 200u);
}

TEST(AddressTest, NamesIpv4AndIpv6HaveAPort) {
  for (const char* address : {"n1:7117", "n1.cluster:1", "10.0.0.1:65535", "[::1]:7117",
                              "[fe80::1:2]:80", "[::ffff:10.0.0.1]:80"}) {
    EXPECT_TRUE(CheckAddress(address).ok()) << address << CheckAddress(address);
  }
}

TEST(AddressTest, AMissingPortIsAnError) {
  EXPECT_THAT(Message(CheckAddress("n1")), HasSubstr("has no port"));
  EXPECT_THAT(Message(CheckAddress("")), HasSubstr("has no port"));
  EXPECT_THAT(Message(CheckAddress("[::1]")), HasSubstr("has no port"));
  EXPECT_THAT(Message(CheckAddress("[::1]7117")), HasSubstr("has no port"));
  EXPECT_THAT(Message(CheckAddress("[::1")), HasSubstr("has no port"));
}

TEST(AddressTest, ABadPortIsAnError) {
  for (const char* port : {"", "0", "65536", "99999999999999", "-1", "+1", " 1", "1x", "http"}) {
    EXPECT_THAT(Message(CheckAddress(std::string("n1:") + port)), HasSubstr("from 1 to 65535"))
        << port;
    EXPECT_THAT(Message(CheckAddress(std::string("[::1]:") + port)), HasSubstr("from 1 to 65535"))
        << port;
  }
}

TEST(AddressTest, ABadHostIsAnError) {
  EXPECT_THAT(Message(CheckAddress(":7117")), HasSubstr("a host name is empty"));
  EXPECT_THAT(Message(CheckAddress("n/1:7117")), HasSubstr("cannot be in the host name"));
  EXPECT_THAT(Message(CheckAddress("fe80::1:7117")), HasSubstr("[address]:port"));
  EXPECT_THAT(Message(CheckAddress("[n1]:7117")), HasSubstr("'n1' is no IPv6 address"));
  EXPECT_THAT(Message(CheckAddress("[]:7117")), HasSubstr("is no IPv6 address"));
}

}  // namespace
}  // namespace coppice
