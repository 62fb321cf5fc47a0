// The server's side of a call whose answer may be the last: tells when the answer has left.
#ifndef COPPICE_PEER_SERVER_STOP_REACTOR_H_
#define COPPICE_PEER_SERVER_STOP_REACTOR_H_

#include "grpcpp/support/server_callback.h"
#include "peer_server/tree_stopper.h"

namespace coppice {

// Deletes itself.
class StopReactor final : public grpc::ServerUnaryReactor {
 public:
  explicit StopReactor(TreeStopper& stopper) : stopper_(stopper) {}

  void OnDone() override {
    stopper_.AnswerSent();
    delete this;
  }

 private:
  TreeStopper& stopper_;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_STOP_REACTOR_H_
