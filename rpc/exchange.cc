#include "rpc/exchange.h"

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <utility>

#include "common/mutex.h"
#include "rpc/exchange_stream.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

// How many streams one request tries that end before they have taken it.
constexpr int kStreamsMax = 3;

class StreamedExchange final : public Exchange {
 public:
  StreamedExchange(std::shared_ptr<grpc::Channel> channel, bool wait_for_ready)
      : stub_(std::move(channel)), wait_for_ready_(wait_for_ready) {}

  ~StreamedExchange() override {
    MutexLock lock(mutex_);
    if (stream_ != nullptr) stream_->Close();
  }

  void Ask(v1::ExchangeMethod method, std::string message, absl::Duration timeout, bool speculative,
           Done done) override {
    v1::ExchangeRequest request;
    request.set_method(method);
    request.set_timeout_ns(static_cast<uint64_t>(absl::ToInt64Nanoseconds(timeout)));
    request.set_speculative(speculative);
    request.set_request(std::move(message));
    std::shared_ptr<ExchangeStream> ended;
    for (int i = 0; i < kStreamsMax; ++i) {
      const std::shared_ptr<ExchangeStream> stream = StreamOtherThan(ended);
      if (stream->Ask(request, timeout, done)) return;
      ended = stream;
    }
    std::move(done)(TransportFailure("the streams to the peer end as soon as they begin"));
  }

  const ExchangeCounters& counters() const override { return *counters_; }

 private:
  std::shared_ptr<ExchangeStream> StreamOtherThan(const std::shared_ptr<ExchangeStream>& ended) {
    std::shared_ptr<ExchangeStream> stream;
    {
      MutexLock lock(mutex_);
      if (stream_ != nullptr && stream_ != ended) return stream_;
      stream_ = stream = std::make_shared<ExchangeStream>(counters_);
    }
    stream->Start(stub_, wait_for_ready_);
    return stream;
  }

  grpc::GenericStub stub_;
  const bool wait_for_ready_;
  // A stream may outlive us.
  const std::shared_ptr<ExchangeCounters> counters_ = std::make_shared<ExchangeCounters>();
  Mutex mutex_;
  std::shared_ptr<ExchangeStream> stream_ ABSL_GUARDED_BY(mutex_);  // the latest
};

}  // namespace

std::unique_ptr<Exchange> MakeExchange(std::shared_ptr<grpc::Channel> channel,
                                       bool wait_for_ready) {
  return std::make_unique<StreamedExchange>(std::move(channel), wait_for_ready);
}

}  // namespace coppice
