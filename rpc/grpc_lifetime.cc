#include "rpc/grpc_lifetime.h"

#include <grpc/grpc.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <memory>

namespace coppice {
namespace {

struct FailingCall {
  grpc::ClientContext context;
  grpc::Slice empty;
  grpc::ByteBuffer request{&empty, 1};
  grpc::ByteBuffer reply;
};

// The queue is counted by the channels that called back at least once: one that is never destroyed,
// with a call that fails at once, since a channel without credentials goes nowhere.
std::shared_ptr<grpc::Channel>* MakeLastingChannel() {
  auto* const channel =
      new std::shared_ptr<grpc::Channel>(grpc::CreateChannel("nowhere", /*creds=*/nullptr));
  const auto call = std::make_shared<FailingCall>();
  grpc::GenericStub(*channel).UnaryCall(&call->context, "/", grpc::StubOptions(), &call->request,
                                        &call->reply, [call](const grpc::Status&) {});
  return channel;
}

}  // namespace

void KeepGrpcInitialised() {
  grpc_init();  // counted by gRPC; never matched by a grpc_shutdown
  // volatile: it has to stay in memory, or a leak checker finds the channel lost.
  [[maybe_unused]] static std::shared_ptr<grpc::Channel>* const volatile lasting =
      MakeLastingChannel();
}

}  // namespace coppice
