// Keeps the gRPC library until the process ends, and its callbacks on our queue (callback_queue.h).
//
// gRPC 1.51 tidies up after its last user, and badly: when its last object goes, it waits for a
// poller of its own, for up to 10 s when it comes at the wrong moment; a client that unmounts would
// hang for as long.
#ifndef COPPICE_RPC_GRPC_LIFETIME_H_
#define COPPICE_RPC_GRPC_LIFETIME_H_

namespace coppice {

// To be called before the first channel or server. Thread-safe; may be called again.
void KeepGrpcInitialised();

}  // namespace coppice

#endif  // COPPICE_RPC_GRPC_LIFETIME_H_
