#include "fuse_client/connection_io.h"

#include <linux/fuse.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "fuse_client/file_system.h"

namespace coppice {
namespace {

// The header, then struct fuse_init_out.
constexpr int kInitAnswerPieces = 2;

void PatchInitAnswer(const iovec* pieces, int count, void* self) {
  if (count != kInitAnswerPieces || pieces[1].iov_len < sizeof(fuse_init_out)) return;
  if (!static_cast<FileSystem*>(self)->handshake().TakeOffer()) return;
  static_cast<fuse_init_out*>(pieces[1].iov_base)->flags |= FUSE_PARALLEL_DIROPS;
}

ssize_t WriteToDevice(int descriptor, iovec* pieces, int count, void* self) {
  PatchInitAnswer(pieces, count, self);
  return writev(descriptor, pieces, count);
}

// A thread is cancelled in these two when the loop ends: nothing that has a destructor.
ssize_t ReadFromDevice(int descriptor, void* buffer, size_t size, void* self) {
  return static_cast<FileSystem*>(self)->turns().Read(descriptor, buffer, size);
}

ssize_t ReadFromSocket(int descriptor, void* buffer, size_t size, void* /*self*/) {
  const ssize_t length = recv(descriptor, buffer, size, 0);
  if (length != 0) return length;
  // The other end is closed: for libfuse, the file system was unmounted.
  errno = ENODEV;
  return -1;
}

ssize_t WriteToSocket(int descriptor, iovec* pieces, int count, void* self) {
  PatchInitAnswer(pieces, count, self);
  msghdr message = {};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

}  // namespace

const fuse_custom_io& DeviceIo() {
  static constexpr fuse_custom_io kIo = {.writev = WriteToDevice, .read = ReadFromDevice};
  return kIo;
}

const fuse_custom_io& SocketIo() {
  static constexpr fuse_custom_io kIo = {.writev = WriteToSocket, .read = ReadFromSocket};
  return kIo;
}

}  // namespace coppice
