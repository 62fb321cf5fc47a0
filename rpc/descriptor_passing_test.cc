#include "rpc/descriptor_passing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

class DescriptorPassingTest : public testing::Test {
 protected:
  DescriptorPassingTest() {
    std::array<int, 2> pair;
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    here_ = FileDescriptor(pair[0]);
    there_ = FileDescriptor(pair[1]);
  }

  FileDescriptor here_, there_;
};

TEST_F(DescriptorPassingTest, TheReceiverHasTheSameFile) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const FileDescriptor read_end(ends[0]), write_end(ends[1]);
  ASSERT_TRUE(SendDescriptor(here_.get(), write_end.get()).ok());
  const auto received = ReceiveDescriptor(there_.get());
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_NE(received->get(), write_end.get());
  EXPECT_NE(fcntl(received->get(), F_GETFD) & FD_CLOEXEC, 0);
  char byte = 'x';
  ASSERT_EQ(write(received->get(), &byte, 1), 1);
  byte = 0;
  ASSERT_EQ(read(read_end.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST_F(DescriptorPassingTest, AClosedSocketIsUnavailable) {
  here_.Reset();
  EXPECT_EQ(ReceiveDescriptor(there_.get()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(StatusErrno(SendDescriptor(there_.get(), 0)), EPIPE);
}

TEST_F(DescriptorPassingTest, AMessageWithoutADescriptorIsInvalid) {
  ASSERT_EQ(send(here_.get(), "x", 1, 0), 1);
  EXPECT_EQ(ReceiveDescriptor(there_.get()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(DescriptorPassingTest, WhatCannotBeSentIsAnError) {
  EXPECT_EQ(StatusErrno(SendDescriptor(here_.get(), -1)), EBADF);
}

TEST_F(DescriptorPassingTest, ASocketThatDoesNotBlockSaysSo) {
  ASSERT_EQ(fcntl(there_.get(), F_SETFL, O_NONBLOCK), 0);
  EXPECT_EQ(StatusErrno(ReceiveDescriptor(there_.get()).status()), EAGAIN);
}

}  // namespace
}  // namespace coppice
