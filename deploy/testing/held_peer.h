// A peer that is late: it has a port of this machine, and takes no connection before it is told to;
// whoever connects waits in the kernel's queue until then. Answers what deploy's clients ask.
#ifndef COPPICE_DEPLOY_TESTING_HELD_PEER_H_
#define COPPICE_DEPLOY_TESTING_HELD_PEER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/file_descriptor.h"
#include "proto/inspection.grpc.pb.h"

namespace coppice {

class HeldPeer final : public v1::Inspection::CallbackService {
 public:
  // One that does not listen refuses each connection.
  explicit HeldPeer(bool listens);
  ~HeldPeer() override;

  // "127.0.0.1:PORT".
  const std::string& address() const { return address_; }

  // False when nobody connects.
  bool AwaitConnection(absl::Duration max) const;
  // REQUIRES: somebody has connected.
  void TakeConnection();

  grpc::ServerUnaryReactor* Stop(grpc::CallbackServerContext* context, const v1::StopRequest*,
                                 v1::StopReply* reply) override;
  grpc::ServerUnaryReactor* GetStatistics(grpc::CallbackServerContext* context,
                                          const v1::GetStatisticsRequest*,
                                          v1::GetStatisticsReply* reply) override;

 private:
  const FileDescriptor socket_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_TESTING_HELD_PEER_H_
