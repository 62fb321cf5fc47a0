#include "rpc/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Somebody else who listens at one address, and not at what an IPv6 wildcard maps.
class Stranger {
 public:
  explicit Stranger(const char* host, int port = 0) {
    const bool is_v6 = std::string(host).find(':') != std::string::npos;
    fd_ = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage address{};
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&address);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address);
    address.ss_family = is_v6 ? AF_INET6 : AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(port));  // the same place in both
    const int on = 1;
    if (is_v6) setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    inet_pton(address.ss_family, host,
              is_v6 ? static_cast<void*>(&v6->sin6_addr) : static_cast<void*>(&v4->sin_addr));
    socklen_t size = is_v6 ? sizeof(*v6) : sizeof(*v4);
    listens_ = bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(fd_, 1) == 0;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(v4->sin_port);
  }
  ~Stranger() { close(fd_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  bool listens() const { return listens_; }
  int port() const { return port_; }

 private:
  int fd_ = -1;
  bool listens_ = false;
  int port_ = 0;
};

TEST(ListenAddressTest, ANumericAddressIsItself) {
  EXPECT_THAT(ResolveListenAddress("127.0.0.1:0").value(), ElementsAre("127.0.0.1:0"));
  EXPECT_THAT(ResolveListenAddress("0.0.0.0:0").value(), ElementsAre("0.0.0.0:0"));
}

TEST(ListenAddressTest, AnIPv6AddressKeepsItsBrackets) {
  if (!Stranger("::1").listens()) GTEST_SKIP() << "SKIPPED: this machine has no IPv6";
  EXPECT_THAT(ResolveListenAddress("[::1]:0").value(), ElementsAre("[::1]:0"));
}

TEST(ListenAddressTest, ForPortZeroANameIsOneAddress) {
  EXPECT_EQ(ResolveListenAddress("localhost:0").value().size(), 1u);
}

// A port of 127.0.0.1 that was free a moment ago.
int FreePort() { return Stranger("127.0.0.1").port(); }

// localhost has one address or two, as /etc/hosts says; each of them is tried.
TEST(ListenAddressTest, ANameIsBusyWhenAnyOfItsAddressesIs) {
  const int port = FreePort();
  const std::string name = absl::StrCat("localhost:", port);
  const auto addresses = ResolveListenAddress(name);
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  ASSERT_THAT(*addresses, Contains(absl::StrCat("127.0.0.1:", port)));
  for (const std::string& address : *addresses) {
    const Stranger stranger(address[0] == '[' ? "::1" : "127.0.0.1", port);
    ASSERT_TRUE(stranger.listens()) << address;
    const absl::Status status = ResolveListenAddress(name).status();
    EXPECT_EQ(StatusErrno(status), EADDRINUSE) << address << ": " << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("port ", port, " of localhost is in use")));
  }
}

TEST(ListenAddressTest, AWildcardIsBusyWhenOneOfItsAddressesIs) {
  const Stranger stranger("127.0.0.1");
  ASSERT_TRUE(stranger.listens());
  const auto resolve = [&stranger](const char* host) {
    return StatusErrno(ResolveListenAddress(absl::StrCat(host, ":", stranger.port())).status());
  };
  EXPECT_EQ(resolve("0.0.0.0"), EADDRINUSE);
  if (!Stranger("::1").listens()) GTEST_SKIP() << "SKIPPED: this machine has no IPv6";
  EXPECT_EQ(resolve("[::]"), EADDRINUSE);
}

TEST(ListenAddressTest, AnAddressThatThisMachineDoesNotHaveIsNamed) {
  const absl::Status status = ResolveListenAddress("192.0.2.1:7117").status();  // RFC 5737
  EXPECT_EQ(StatusErrno(status), EADDRNOTAVAIL) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("192.0.2.1 is no address of this machine"));
}

TEST(ListenAddressTest, WhatIsNoAddressIsInvalid) {
  for (const std::string address :
       {"host", ":7117", "host:port", "host:70000", "host:-1", "no-such-host.invalid:7117"}) {
    const absl::Status status = ResolveListenAddress(address).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << address << ": " << status;
  }
}

}  // namespace
}  // namespace coppice
