#include "rpc/grpc_lifetime.h"

#include <grpc/grpc.h>

namespace coppice {

// Counted by gRPC; never matched by a grpc_shutdown.
void KeepGrpcInitialised() { grpc_init(); }

}  // namespace coppice
