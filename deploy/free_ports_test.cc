#include "deploy/free_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "common/file_descriptor.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(FreePortsTest, PortsDiffer) {
  const auto ports = FindFreePorts(50);
  ASSERT_TRUE(ports.ok()) << ports.status();
  EXPECT_EQ(std::set<uint16_t>(ports->begin(), ports->end()).size(), 50u);
}

TEST(FreePortsTest, AFoundPortIsFreeUntilSomebodyListens) {
  const auto ports = FindFreePorts(1);
  ASSERT_TRUE(ports.ok()) << ports.status();
  EXPECT_TRUE(IsPortFree(ports->front()));
  const FileDescriptor server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(ports->front());
  ASSERT_EQ(bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(server.get(), 1), 0);
  EXPECT_FALSE(IsPortFree(ports->front()));
}

}  // namespace
}  // namespace coppice
