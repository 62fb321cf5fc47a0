#include "rpc/descriptor_passing.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/status.h"

namespace coppice {
namespace {

// Room for one descriptor, aligned as the macros of cmsg(3) want it.
struct ControlBuffer {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

}  // namespace

absl::Status SendDescriptor(int socket, int descriptor) {
  // A message without a byte of data would carry nothing.
  char byte = 0;
  iovec data = {&byte, 1};
  ControlBuffer control;
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    return ErrnoStatus(errno, "send a descriptor");
  }
  return absl::OkStatus();
}

absl::StatusOr<FileDescriptor> ReceiveDescriptor(int socket) {
  char byte = 0;
  iovec data = {&byte, 1};
  ControlBuffer control;
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (received < 0) return ErrnoStatus(errno, "receive a descriptor");
  if (received == 0) return absl::UnavailableError("the other side has closed the socket");
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int))) {
    return absl::InvalidArgumentError("a message without a descriptor");
  }
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
  return FileDescriptor(descriptor);
}

}  // namespace coppice
