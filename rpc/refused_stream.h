// A stream of Peer.Attach that ends as soon as it begins. Deletes itself.
#ifndef COPPICE_RPC_REFUSED_STREAM_H_
#define COPPICE_RPC_REFUSED_STREAM_H_

#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include "proto/peer.pb.h"

namespace coppice {

class RefusedStream final : public grpc::ServerBidiReactor<v1::MountReport, v1::MountOrder> {
 public:
  explicit RefusedStream(const grpc::Status& reason) { Finish(reason); }
  void OnDone() override { delete this; }
};

}  // namespace coppice

#endif  // COPPICE_RPC_REFUSED_STREAM_H_
