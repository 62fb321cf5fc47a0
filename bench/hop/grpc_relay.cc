#include "bench/hop/grpc_relay.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/hop/in_flight_window.h"
#include "rpc/peer_channels.h"

namespace coppice {
namespace {

constexpr char kMethod[] = "/coppice.bench.Raw/Read";

grpc::ByteBuffer NumberBuffer(uint64_t number) {
  const grpc::Slice slice(&number, sizeof(number));
  return grpc::ByteBuffer(&slice, 1);
}

absl::StatusOr<uint64_t> NumberIn(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  uint64_t number = 0;
  if (!buffer.DumpToSingleSlice(&slice).ok() || slice.size() != sizeof(number)) {
    return absl::InvalidArgumentError("a request is a number of 8 bytes");
  }
  std::memcpy(&number, slice.begin(), sizeof(number));
  return number;
}

// One call at an origin.
class OriginCall final : public grpc::ServerGenericBidiReactor {
 public:
  explicit OriginCall(const std::vector<char>& memory) : memory_(memory) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    const absl::StatusOr<uint64_t> wanted = NumberIn(request_);
    if (!ok || !wanted.ok() || *wanted > memory_.size()) {
      return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no such request"));
    }
    const grpc::Slice slice(memory_.data(), *wanted, grpc::Slice::STATIC_SLICE);
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  const std::vector<char>& memory_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
};

// One call at a relay.
class RelayCall final : public grpc::ServerGenericBidiReactor {
 public:
  explicit RelayCall(grpc::GenericStub& next) : next_(next) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no request"));
    next_.UnaryCall(&context_, kMethod, grpc::StubOptions(), &request_, &answer_,
                    [this](grpc::Status status) {
                      if (!status.ok()) return Finish(status);
                      StartWriteAndFinish(&answer_, grpc::WriteOptions(), status);
                    });
  }
  void OnDone() override { delete this; }

 private:
  grpc::GenericStub& next_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
};

class RawService final : public grpc::CallbackGenericService {
 public:
  explicit RawService(const std::string& next)
      : memory_(next.empty() ? kRawAnswerBytesMax : 0, 'x') {
    if (!next.empty()) next_ = std::make_unique<grpc::GenericStub>(OpenChannels(next).bulk);
  }

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    if (next_ != nullptr) return new RelayCall(*next_);
    return new OriginCall(memory_);
  }

 private:
  const std::vector<char> memory_;
  std::unique_ptr<grpc::GenericStub> next_;
};

class StartedRawServer final : public RawServer {
 public:
  explicit StartedRawServer(const std::string& next) : service_(next) {}
  ~StartedRawServer() override {
    if (server_ != nullptr) server_->Shutdown();
  }

  absl::Status Start(uint16_t port) {
    grpc::ServerBuilder builder;
    int taken = 0;
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials(),
                             &taken);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || taken == 0) {
      return absl::UnavailableError(absl::StrCat("cannot listen on 127.0.0.1:", port));
    }
    address_ = absl::StrCat("127.0.0.1:", taken);
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  RawService service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

// One call of the client.
struct RawCall {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer answer;
};

absl::Status CheckAnswer(const grpc::Status& status, size_t answer_bytes, size_t expected_bytes) {
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  if (answer_bytes == expected_bytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("an answer has ", answer_bytes, " bytes"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RawServer>> StartRawServer(uint16_t port, const std::string& next) {
  auto server = std::make_unique<StartedRawServer>(next);
  if (absl::Status started = server->Start(port); !started.ok()) return started;
  return std::unique_ptr<RawServer>(std::move(server));
}

absl::Status ReadOverGrpc(const std::string& address, size_t calls, size_t answer_bytes,
                          size_t width) {
  grpc::GenericStub stub(OpenChannels(address).bulk);
  InFlightWindow window(calls, width, [&](size_t, InFlightWindow::Finished finished) {
    auto call = std::make_shared<RawCall>();
    call->context.set_wait_for_ready(true);
    call->request = NumberBuffer(answer_bytes);
    // std::function wants a copyable callback.
    auto shared = std::make_shared<InFlightWindow::Finished>(std::move(finished));
    stub.UnaryCall(&call->context, kMethod, grpc::StubOptions(), &call->request, &call->answer,
                   [call, shared, answer_bytes](grpc::Status status) {
                     const absl::Status end =
                         CheckAnswer(status, call->answer.Length(), answer_bytes);
                     call->answer.Clear();
                     std::move (*shared)(end);
                   });
  });
  return window.Run();
}

}  // namespace coppice
