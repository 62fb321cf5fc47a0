#include "deploy/node_namespace.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/child_process.h"
#include "deploy/log_tail.h"
#include "deploy/node_network.h"
#include "deploy/pidfd.h"
#include "deploy/pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kLong = absl::Seconds(30);

class NodeNamespaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can make nodes with namespaces";
    unlink(log_.c_str());
  }

  // Runs a script in the node and returns what it printed.
  std::string Run(const NodeNamespace& node, const std::string& script) {
    unlink(log_.c_str());
    auto child = ChildProcess::Start({.arguments = {"/bin/sh", "-c", script},
                                      .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                      .log_file = log_,
                                      .namespaces = node.descriptors()});
    EXPECT_TRUE(child.ok()) << child.status();
    if (!child.ok()) return "";
    const auto end = child->Wait({.deadline = absl::Now() + kLong});
    EXPECT_TRUE(end.ok() && end->success()) << LogTail(log_);
    return LogTail(log_);
  }

  const std::string log_ = absl::StrCat(
      testing::TempDir(), testing::UnitTest::GetInstance()->current_test_info()->name(), ".log");
};

TEST_F(NodeNamespaceTest, AProcessInItSeesItsHostname) {
  const auto node = NodeNamespace::Create("node7");
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(Run(*node, "uname -n"), "    node7\n");
}

TEST_F(NodeNamespaceTest, AProcessInItSeesOnlyTheProcessesOfTheNode) {
  const auto node = NodeNamespace::Create("node7");
  ASSERT_TRUE(node.ok()) << node.status();
  // PID 1 and the shell.
  EXPECT_EQ(Run(*node, "set -- /proc/[0-9]*; echo $#"), "    2\n");
  EXPECT_EQ(Run(*node, "cat /proc/1/comm"), "    node7\n");
}

TEST_F(NodeNamespaceTest, ItsMountsStayInIt) {
  const auto node = NodeNamespace::Create("node7");
  const auto other = NodeNamespace::Create("node8");
  ASSERT_TRUE(node.ok() && other.ok());
  Run(*node, "mount -t tmpfs inside_the_node /mnt");
  EXPECT_THAT(Run(*node, "cat /proc/mounts | tail -n 3"), HasSubstr("inside_the_node"));
  EXPECT_THAT(Run(*other, "cat /proc/mounts | tail -n 3"), Not(HasSubstr("inside_the_node")));
}

TEST_F(NodeNamespaceTest, ItHasALoopbackAndNoOtherNetwork) {
  const auto node = NodeNamespace::Create("node7");
  ASSERT_TRUE(node.ok()) << node.status();
  const std::string devices = Run(*node, "ip -o address show up");
  EXPECT_THAT(devices, HasSubstr("127.0.0.1"));
  EXPECT_THAT(devices, Not(HasSubstr("eth0")));
}

TEST_F(NodeNamespaceTest, EverythingInItEndsWithItsFirstProcess) {
  auto node = NodeNamespace::Create("node7");
  ASSERT_TRUE(node.ok()) << node.status();
  auto child = ChildProcess::Start(
      {.arguments = {"/bin/sh", "-c", "while :; do :; done"}, .namespaces = node->descriptors()});
  ASSERT_TRUE(child.ok()) << child.status();
  kill(node->pid(), SIGKILL);
  const auto end = child->Wait({.deadline = absl::Now() + kLong});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->signal, SIGKILL);
}

TEST_F(NodeNamespaceTest, ItEndsWithTheProgramThatMadeIt) {
  auto report = OpenPipe();
  ASSERT_TRUE(report.ok());
  const pid_t launcher = fork();
  if (launcher == 0) {
    const auto node = NodeNamespace::Create("node7");
    const pid_t pid = node.ok() ? node->pid() : 0;
    if (write(report->write_end.get(), &pid, sizeof(pid)) != sizeof(pid)) _exit(1);
    while (true) pause();
  }
  pid_t first_process = 0;
  ASSERT_EQ(read(report->read_end.get(), &first_process, sizeof(first_process)),
            static_cast<ssize_t>(sizeof(first_process)));
  ASSERT_GT(first_process, 0);
  const FileDescriptor pidfd(OpenPidfd(first_process));
  ASSERT_TRUE(pidfd.valid());
  kill(launcher, SIGKILL);
  EXPECT_TRUE(WaitReadable({pidfd.get()}, {.deadline = absl::Now() + kLong}).ok());
  waitpid(launcher, nullptr, 0);
}

TEST_F(NodeNamespaceTest, NodesReachEachOtherOverTheSwitchAndOurOwnNetworkIsUntouched) {
  std::vector<NodeNamespace> nodes;
  for (const char* name : {"node0", "node1", "node2"}) {
    auto node = NodeNamespace::Create(name);
    ASSERT_TRUE(node.ok()) << node.status();
    nodes.push_back(*std::move(node));
  }
  const std::string network_log = log_ + ".network";
  const auto network = NodeNetwork::Connect(nodes, network_log, {.deadline = absl::Now() + kLong});
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_THAT(Run(nodes[2], "ip -o address show dev eth0"), HasSubstr("10.77.0.3/16"));
  // Address resolution succeeds only when frames pass the switch.
  const std::string neighbour =
      Run(nodes[0],
          "/usr/bin/python3 -c \"import socket; s = socket.socket(); s.settimeout(20); "
          "print(s.connect_ex(('10.77.0.3', 1)))\"");
  EXPECT_EQ(neighbour, "    111\n") << "connection refused by the other node, which answered";
  EXPECT_NE(access("/sys/class/net/switch", F_OK), 0);
  EXPECT_NE(access("/sys/class/net/port0", F_OK), 0);
}

TEST(NodeAddressTest, AddressesAreHostsOfOneNetwork) {
  EXPECT_EQ(NodeAddress(0), "10.77.0.1");
  EXPECT_EQ(NodeAddress(249), "10.77.0.250");
  EXPECT_EQ(NodeAddress(250), "10.77.1.1");
  EXPECT_EQ(NodeAddress(kNodesOnNetworkMax - 1), "10.77.255.250");
}

}  // namespace
}  // namespace coppice
