#include "rpc/callback_queue.h"

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

#include "common/mutex.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

// A call that fails at once, to a channel of its own.
struct FailingCall {
  grpc::GenericStub stub{grpc::CreateChannel("nowhere", /*creds=*/nullptr)};
  grpc::ClientContext context;
  grpc::Slice empty;
  grpc::ByteBuffer request{&empty, 1};
  grpc::ByteBuffer reply;

  void Start(std::function<void(grpc::Status)> done) {
    stub.UnaryCall(&context, "/no.such/Method", grpc::StubOptions(), &request, &reply,
                   std::move(done));
  }
};

TEST(CallbackQueueTest, GrpcRunsItsCallbacksHere) {
  const uint64_t before = CountCallbacks().callbacks;
  FailingCall call;
  std::promise<void> called_back;
  call.Start([&](const grpc::Status& status) {
    EXPECT_FALSE(status.ok());
    called_back.set_value();
  });
  called_back.get_future().wait();
  EXPECT_GT(CountCallbacks().callbacks, before);
}

// Each callback starts the next before it returns, so that there is always one to run, and they go
// on until another thread has come: that it does is the test.
class EndlessWork {
 public:
  void StartOne() {
    {
      MutexLock lock(mutex_);
      ++under_way_;
    }
    auto call = std::make_shared<FailingCall>();
    FailingCall& started = *call;
    started.Start([this, call = std::move(call)](const grpc::Status&) {
      if (CountCallbacks().spare_joins == 0) StartOne();
      MutexLock lock(mutex_);
      if (--under_way_ == 0) ended_.NotifyAll();
    });
  }

  void Wait() {
    MutexLock lock(mutex_);
    while (under_way_ > 0) ended_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar ended_;
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(CallbackQueueTest, AnotherThreadJoinsWhileThereIsAlwaysMoreToDo) {
  EndlessWork work;
  constexpr int kCallsAtOnce = 16;
  for (int i = 0; i < kCallsAtOnce; ++i) work.StartOne();
  work.Wait();
  EXPECT_GT(CountCallbacks().spare_joins, 0);
}

}  // namespace
}  // namespace coppice
