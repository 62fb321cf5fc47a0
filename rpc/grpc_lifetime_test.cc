#include "rpc/grpc_lifetime.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <future>
#include <memory>
#include <utility>

#include "gtest/gtest.h"

namespace coppice {
namespace {

// A call, and all that holds its channel.
struct CallWithItsChannel {
  grpc::GenericStub stub{grpc::CreateChannel("127.0.0.1:1", grpc::InsecureChannelCredentials())};
  grpc::ClientContext context;
  grpc::Slice empty;
  grpc::ByteBuffer request{&empty, 1};
  grpc::ByteBuffer reply;
};

TEST(GrpcLifetimeTest, TheLastChannelMayEndInACallback) {
  constexpr int kRounds = 300;  // without the cure it aborts in one of the first
  KeepGrpcInitialised();
  for (int i = 0; i < kRounds; ++i) {
    auto owner = std::make_unique<CallWithItsChannel>();
    CallWithItsChannel& call = *owner;
    std::promise<void> called_back;
    call.stub.UnaryCall(
        &call.context, "/no.such/Method", grpc::StubOptions(), &call.request, &call.reply,
        [owner = std::make_shared<std::unique_ptr<CallWithItsChannel>>(std::move(owner)),
         &called_back](const grpc::Status& status) {
          EXPECT_FALSE(status.ok());
          owner->reset();
          called_back.set_value();
        });
    called_back.get_future().wait();
  }
}

}  // namespace
}  // namespace coppice
