// Keeps the gRPC library initialised until the process ends.
//
// gRPC shuts itself down when its last object goes, and then waits for a poller of its own, for up
// to 10 s when it comes at the wrong moment (seen with 1.51): a client that unmounts would hang for
// as long.
#ifndef COPPICE_RPC_GRPC_LIFETIME_H_
#define COPPICE_RPC_GRPC_LIFETIME_H_

namespace coppice {

// Thread-safe; may be called again.
void KeepGrpcInitialised();

}  // namespace coppice

#endif  // COPPICE_RPC_GRPC_LIFETIME_H_
