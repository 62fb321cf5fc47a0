#include "rpc/grpc_lifetime.h"

#include <grpc/grpc.h>

#include "rpc/callback_queue.h"

namespace coppice {

void KeepGrpcInitialised() {
  grpc_init();       // counted by gRPC; never matched by a grpc_shutdown
  CountCallbacks();  // starts the queue
}

}  // namespace coppice
