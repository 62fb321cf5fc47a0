// Keeps the gRPC library, and the queue of its callbacks, until the process ends.
//
// gRPC 1.51 tidies up after its last user, and badly. When its last object goes, it waits for a
// poller of its own, for up to 10 s when it comes at the wrong moment: a client that unmounts would
// hang for as long. When the last channel goes and a callback is what held it, the thread of that
// callback joins itself and frees the queue under its own feet: the process aborts with "assertion
// failed: prior > 0".
#ifndef COPPICE_RPC_GRPC_LIFETIME_H_
#define COPPICE_RPC_GRPC_LIFETIME_H_

namespace coppice {

// To be called before the first channel or server. Thread-safe; may be called again.
void KeepGrpcInitialised();

}  // namespace coppice

#endif  // COPPICE_RPC_GRPC_LIFETIME_H_
