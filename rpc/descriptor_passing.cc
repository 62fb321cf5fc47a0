#include "rpc/descriptor_passing.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/status.h"

namespace coppice {
namespace {

// A message of one byte, since one without would carry nothing, with room for one descriptor,
// aligned as the macros of cmsg(3) want it.
struct Message {
  Message() {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  Message(const Message&) = delete;  // it points into itself
  Message& operator=(const Message&) = delete;

  char byte = 0;
  iovec data = {&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
};

}  // namespace

absl::Status SendDescriptor(int socket, int descriptor) {
  Message message;
  cmsghdr* const header = CMSG_FIRSTHDR(&message.header);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  if (sendmsg(socket, &message.header, MSG_NOSIGNAL) < 0) {
    return ErrnoStatus(errno, "send a descriptor");
  }
  return absl::OkStatus();
}

absl::StatusOr<FileDescriptor> ReceiveDescriptor(int socket) {
  Message message;
  const ssize_t received = recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
  if (received < 0) return ErrnoStatus(errno, "receive a descriptor");
  if (received == 0) return absl::UnavailableError("the other side has closed the socket");
  const cmsghdr* const header = CMSG_FIRSTHDR(&message.header);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int))) {
    return absl::InvalidArgumentError("a message without a descriptor");
  }
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
  return FileDescriptor(descriptor);
}

}  // namespace coppice
