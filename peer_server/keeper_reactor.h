// The server's side of a keeper's wait for the stop: tells when the keeper is gone.
#ifndef COPPICE_PEER_SERVER_KEEPER_REACTOR_H_
#define COPPICE_PEER_SERVER_KEEPER_REACTOR_H_

#include "grpcpp/support/server_callback.h"
#include "peer_server/keeper_watch.h"

namespace coppice {

// Deletes itself.
class KeeperReactor final : public grpc::ServerUnaryReactor {
 public:
  explicit KeeperReactor(KeeperWatch& watch) : watch_(watch) {}

  // REQUIRES: gRPC does not have it yet.
  void SetKeeper(KeeperWatch::KeeperId keeper) { keeper_ = keeper; }

  // The call was cancelled, or its connection ended.
  void OnCancel() override { watch_.Leave(keeper_); }
  void OnDone() override { delete this; }

 private:
  KeeperWatch& watch_;
  KeeperWatch::KeeperId keeper_ = 0;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_KEEPER_REACTOR_H_
