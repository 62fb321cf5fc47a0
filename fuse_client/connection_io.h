// How libfuse reads requests and writes answers: as it does itself, but that its threads take turns
// at reading (request_turns.h), and for one flag.
//
// libfuse before 3.17 does not pass FUSE_PARALLEL_DIROPS on to the kernel, although it offers the
// capability. Without the flag the kernel sends one lookup at a time in each directory, and the
// ranks of a node would wait for each other. So the flag is put into the answer to INIT on its way
// out.
#ifndef COPPICE_FUSE_CLIENT_CONNECTION_IO_H_
#define COPPICE_FUSE_CLIENT_CONNECTION_IO_H_

#include <atomic>

#include "fuse_client/fuse_api.h"

namespace coppice {

// What the handler of INIT leaves for the writer of its answer. Thread-safe.
class InitHandshake {
 public:
  // The kernel can do parallel directory operations.
  void OfferParallelDirops() { offered_ = true; }
  // True once: for the answer to INIT, which is the first thing that is written.
  bool TakeOffer() { return offered_.exchange(false); }

 private:
  std::atomic<bool> offered_ = false;
};

// For a mount (the device) and for a test (a SOCK_SEQPACKET socket). REQUIRES: the session's user
// data is a FileSystem.
const fuse_custom_io& DeviceIo();
const fuse_custom_io& SocketIo();

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_CONNECTION_IO_H_
