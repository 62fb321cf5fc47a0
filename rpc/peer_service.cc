#include "rpc/peer_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "common/status.h"
#include "proto/peer.grpc.pb.h"
#include "rpc/block_codec.h"
#include "rpc/codec.h"
#include "rpc/exchange_codec.h"
#include "rpc/exchange_reactor.h"
#include "rpc/refused_stream.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

// Read is raw: its answer is made by block_codec.
using CallbackService = v1::Peer::WithRawCallbackMethod_Read<
    v1::Peer::WithCallbackMethod_GetAttr<v1::Peer::WithCallbackMethod_ReadDirPlus<
        v1::Peer::WithCallbackMethod_ReadLink<v1::Peer::WithCallbackMethod_Seek<
            v1::Peer::WithCallbackMethod_FsStat<v1::Peer::WithRawCallbackMethod_Exchange<
                v1::Peer::WithCallbackMethod_Attach<v1::Peer::Service>>>>>>>>;

class SourceService final : public PeerService,
                            private CallbackService,
                            private ExchangeReactor::Owner {
 public:
  SourceService(Source& source, MountRegistry& mounts, PeerServiceOptions options,
                const Clock& clock)
      : source_(source), mounts_(mounts), options_(options), clock_(clock) {}

  grpc::Service& service() override { return *this; }

  void Close() override {
    // With the lock, which keeps each of them from going: it neither waits nor calls back.
    MutexLock lock(mutex_);
    closed_ = true;
    for (ExchangeReactor* const stream : streams_) stream->Close();
  }

  LayerStatistics Statistics() const override {
    return {.layer = "service",
            .counters = {{"get_attr", get_attr_},
                         {"read_dir_plus", read_dir_plus_},
                         {"read_link", read_link_},
                         {"read", read_},
                         {"seek", seek_},
                         {"fs_stat", fs_stat_},
                         {"exchange", exchange_},
                         {"attach", attach_},
                         {"bytes_sent", bytes_sent_},
                         {"blocks_shared", blocks_shared_},
                         {"refused", refused_},
                         {"invalid", invalid_},
                         {"errors", errors_},
                         {"in_flight", in_flight_}}};
  }

 private:
  // The default reactor of a call, which is to be asked for once: gRPC makes it anew each time.
  using Reactor = grpc::ServerUnaryReactor;
  using Context = grpc::CallbackServerContext;
  // Ends a request, whose reply is then complete if the status is OK. The last word: the server may
  // be gone after it, and this service with it.
  using Finish = absl::AnyInvocable<void(const absl::Status&) &&>;

  Reactor* GetAttr(Context* call, const v1::GetAttrRequest* request,
                   v1::GetAttrReply* reply) override {
    return Serve(*call, [&](Finish finish) {
      AskAttributes(*request, TimeLeft(*call), reply, std::move(finish));
    });
  }

  Reactor* ReadLink(Context* call, const v1::ReadLinkRequest* request,
                    v1::ReadLinkReply* reply) override {
    return Serve(*call, [&](Finish finish) {
      AskTarget(*request, TimeLeft(*call), reply, std::move(finish));
    });
  }

  Reactor* ReadDirPlus(Context* call, const v1::ReadDirPlusRequest* request,
                       v1::ReadDirPlusReply* reply) override {
    return Serve(*call, [&](Finish finish) {
      AskListing(*request, TimeLeft(*call), reply, std::move(finish));
    });
  }

  Reactor* Read(Context* call, const grpc::ByteBuffer* bytes, grpc::ByteBuffer* reply) override {
    v1::ReadRequest request;
    const bool valid = DecodeMessage(*bytes, &request);
    return Serve(*call, [&](Finish finish) {
      if (!valid) return Refuse(std::move(finish));
      AskBlock(request, TimeLeft(*call), reply, std::move(finish));
    });
  }

  Reactor* Seek(Context* call, const v1::SeekRequest* request, v1::SeekReply* reply) override {
    return Serve(*call, [&](Finish finish) {
      AskExtent(*request, TimeLeft(*call), reply, std::move(finish));
    });
  }

  Reactor* FsStat(Context* call, const v1::FsStatRequest* request,
                  v1::FsStatReply* reply) override {
    return Serve(*call, [&](Finish finish) {
      AskStatistics(*request, TimeLeft(*call), reply, std::move(finish));
    });
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Exchange(Context*) override {
    ++exchange_;
    auto* const stream = new ExchangeReactor(*this);
    bool closed = false;
    {
      MutexLock lock(mutex_);
      closed = closed_;
      streams_.insert(stream);
    }
    stream->Start();
    if (closed) stream->Close();
    return stream;
  }

  void Ended(ExchangeReactor& stream) override {
    MutexLock lock(mutex_);
    streams_.erase(&stream);
  }

  // A request of a stream.
  void Asked(v1::ExchangeRequest request, ExchangeReactor::Answer answer) override {
    switch (request.method()) {
      case v1::EXCHANGE_METHOD_GET_ATTR:
        return Exchanged(request, &SourceService::AskAttributes, std::move(answer));
      case v1::EXCHANGE_METHOD_READ_DIR_PLUS:
        return Exchanged(request, &SourceService::AskListing, std::move(answer));
      case v1::EXCHANGE_METHOD_READ_LINK:
        return Exchanged(request, &SourceService::AskTarget, std::move(answer));
      case v1::EXCHANGE_METHOD_READ:
        return Exchanged(request, &SourceService::AskBlock, std::move(answer));
      default:
        std::move(answer)(absl::UnimplementedError("no such method on a stream"), {});
    }
  }

  template <typename Request, typename Reply>
  void Exchanged(const v1::ExchangeRequest& envelope,
                 void (SourceService::*ask)(const Request&, absl::Duration, Reply*, Finish),
                 ExchangeReactor::Answer answer) {
    auto reply = std::make_unique<Reply>();
    Reply* const filled = reply.get();
    Finish finish = [reply = std::move(reply),
                     answer = std::move(answer)](const absl::Status& status) mutable {
      std::move(answer)(status, status.ok() ? Serialised(*reply) : grpc::ByteBuffer());
    };
    Request request;
    if (!request.ParseFromString(envelope.request())) return Refuse(std::move(finish));
    const absl::Duration left = envelope.timeout_ns() == 0
                                    ? absl::InfiniteDuration()
                                    : absl::Nanoseconds(envelope.timeout_ns());
    (this->*ask)(request, left, filled, std::move(finish));
  }

  static grpc::ByteBuffer Serialised(const grpc::ByteBuffer& reply) { return reply; }
  static grpc::ByteBuffer Serialised(const google::protobuf::MessageLite& reply) {
    return EncodeMessage(reply);
  }

  // A call of its own: `ask` starts it.
  template <typename Ask>
  Reactor* Serve(Context& call, Ask ask) {
    Reactor* const reactor = call.DefaultReactor();
    ask(Finish([&call, reactor](const absl::Status& status) {
      reactor->Finish(EncodeStatus(status, call));
    }));
    return reactor;
  }

  void Refuse(Finish finish) {
    ++invalid_;
    std::move(finish)(ErrnoStatus(EINVAL, "parse a request"));
  }

  void AskAttributes(const v1::GetAttrRequest& request, absl::Duration left,
                     v1::GetAttrReply* reply, Finish finish) {
    ++get_attr_;
    const auto path = Path::Parse(request.path());
    const auto context = Admit(left, request.options(), path.status());
    if (!context.ok()) return std::move(finish)(context.status());
    source_.GetAttributes(
        *path, *context,
        Answer<PathState>(std::move(finish), [this, reply](const PathState& state) {
          EncodePathState(state, clock_.Now(), reply);
          return absl::OkStatus();
        }));
  }

  void AskTarget(const v1::ReadLinkRequest& request, absl::Duration left, v1::ReadLinkReply* reply,
                 Finish finish) {
    ++read_link_;
    const auto path = Path::Parse(request.path());
    const auto context = Admit(left, request.options(), path.status());
    if (!context.ok()) return std::move(finish)(context.status());
    source_.GetAttributes(
        *path, *context,
        Answer<PathState>(std::move(finish), [reply, path = *path](const PathState& state) {
          const std::string what = absl::StrCat("readlink '", path.text(), "'");
          if (!state.attributes.has_value()) return ErrnoStatus(ENOENT, what);
          if (!S_ISLNK(state.attributes->mode)) return ErrnoStatus(EINVAL, what);
          reply->set_target(state.attributes->link_target);
          return absl::OkStatus();
        }));
  }

  void AskListing(const v1::ReadDirPlusRequest& request, absl::Duration left,
                  v1::ReadDirPlusReply* reply, Finish finish) {
    ++read_dir_plus_;
    const auto path = Path::Parse(request.path());
    const auto page = DecodePage(request);
    const auto context = Admit(left, request.options(), path.ok() ? page.status() : path.status());
    if (!context.ok()) return std::move(finish)(context.status());
    source_.ReadDirectory(*path, *page, *context,
                          Answer<ListingRef>(std::move(finish), [this, reply](const auto& listing) {
                            EncodeListing(*listing, clock_.Now(), reply);
                            return absl::OkStatus();
                          }));
  }

  void AskBlock(const v1::ReadRequest& request, absl::Duration left, grpc::ByteBuffer* reply,
                Finish finish) {
    ++read_;
    const auto key = DecodeBlockKey(request);
    const auto context = Admit(left, request.options(), key.status());
    if (!context.ok()) return std::move(finish)(context.status());
    source_.ReadBlock(
        *key, *context,
        Answer<BlockRef>(std::move(finish), [this, reply, share = request.into_shared_memory()](
                                                const BlockRef& block) {
          EncodeRead(block, share, reply);
          return absl::OkStatus();
        }));
  }

  void AskExtent(const v1::SeekRequest& request, absl::Duration left, v1::SeekReply* reply,
                 Finish finish) {
    ++seek_;
    const auto path = Path::Parse(request.path());
    const auto version = DecodeSeekVersion(request);
    const auto kind = request.find_hole() ? ExtentKind::kHole : ExtentKind::kData;
    const auto context =
        Admit(left, request.options(), path.ok() ? version.status() : path.status());
    if (!context.ok()) return std::move(finish)(context.status());
    source_.FindExtent(*path, *version, request.offset(), kind, *context,
                       Answer<uint64_t>(std::move(finish), [reply](uint64_t offset) {
                         reply->set_offset(offset);
                         return absl::OkStatus();
                       }));
  }

  void AskStatistics(const v1::FsStatRequest& request, absl::Duration left, v1::FsStatReply* reply,
                     Finish finish) {
    ++fs_stat_;
    const auto path = Path::Parse(request.path());
    const auto context = Admit(left, request.options(), path.status());
    if (!context.ok()) return std::move(finish)(context.status());
    source_.GetFileSystemStatistics(
        *path, *context,
        Answer<FileSystemStatistics>(std::move(finish),
                                     [reply](const FileSystemStatistics& statistics) {
                                       EncodeFileSystemStatistics(statistics, reply);
                                       return absl::OkStatus();
                                     }));
  }

  grpc::ServerBidiReactor<v1::MountReport, v1::MountOrder>* Attach(Context* call) override {
    // A mount is on this node, and comes by the socket, which only its owner can open. Whoever
    // comes by TCP could take the mounts' places.
    if (absl::StartsWith(call->peer(), "ipv4:") || absl::StartsWith(call->peer(), "ipv6:")) {
      ++refused_;
      return new RefusedStream(
          grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                       "a mount attaches by the unix socket of its own node's peer"));
    }
    ++attach_;
    return mounts_.Attach();
  }

  void EncodeRead(const BlockRef& block, bool share, grpc::ByteBuffer* reply) {
    if (share && options_.is_shared(*block)) {
      ++blocks_shared_;
      EncodeSharedBlock(reply);
    } else if (share) {
      // The caller has no use for bytes in this answer: it asks for them.
      const grpc::Slice empty;
      grpc::ByteBuffer buffer(&empty, 1);
      reply->Swap(&buffer);
    } else {
      bytes_sent_ += block->size();
      EncodeBlock(block, reply);
    }
  }

  static absl::Duration TimeLeft(const Context& call) {
    const auto deadline = call.deadline();
    if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteDuration();
    return absl::FromChrono(deadline) - absl::Now();
  }

  // OK: the request counts as in flight until its Answer, and this is what to ask the source with.
  // `valid` is what the request's fields came to.
  absl::StatusOr<RequestContext> Admit(absl::Duration left, const v1::RequestOptions& options,
                                       const absl::Status& valid) {
    absl::Status refused = valid;
    if (refused.ok() && options.hops() > kHopsMax) {
      refused = absl::FailedPreconditionError(
          absl::StrCat("passed on by ", options.hops(), " peers: the tree has a loop"));
    }
    if (!refused.ok()) {
      ++invalid_;
      return refused;
    }
    if (in_flight_.fetch_add(1) >= options_.calls_in_flight_max) {
      --in_flight_;
      ++refused_;
      return absl::ResourceExhaustedError(
          absl::StrCat("this peer has ", options_.calls_in_flight_max,
                       " calls in flight already (calls_in_flight_max)"));
    }
    RequestContext context = DecodeContext(options);
    // gRPC keeps its own time; ours may be a test's.
    context.deadline = clock_.Now() + std::min(left, options_.call_time_max);
    return context;
  }

  // What the source calls in the end: finishes the request, with the reply that `encode` makes.
  template <typename T, typename Encode>
  Done<T> Answer(Finish finish, Encode encode) {
    return [this, finish = std::move(finish),
            encode = std::move(encode)](absl::StatusOr<T> result) mutable {
      // Also for a caller that gave up: gRPC aborts on an answer of no message.
      const absl::Status status = result.ok() ? encode(*result) : result.status();
      if (!status.ok()) ++errors_;
      --in_flight_;
      std::move(finish)(status);
    };
  }

  Source& source_;
  MountRegistry& mounts_;
  const PeerServiceOptions options_;
  const Clock& clock_;

  Mutex mutex_;
  absl::flat_hash_set<ExchangeReactor*> streams_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;

  std::atomic<uint64_t> get_attr_{0};
  std::atomic<uint64_t> read_dir_plus_{0};
  std::atomic<uint64_t> read_link_{0};
  std::atomic<uint64_t> read_{0};
  std::atomic<uint64_t> seek_{0};
  std::atomic<uint64_t> fs_stat_{0};
  std::atomic<uint64_t> exchange_{0};
  std::atomic<uint64_t> attach_{0};
  std::atomic<uint64_t> bytes_sent_{0};
  std::atomic<uint64_t> blocks_shared_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> invalid_{0};
  std::atomic<uint64_t> errors_{0};
  std::atomic<uint64_t> in_flight_{0};
};

}  // namespace

std::unique_ptr<PeerService> MakePeerService(Source& source, MountRegistry& mounts,
                                             PeerServiceOptions options, const Clock& clock) {
  return std::make_unique<SourceService>(source, mounts, options, clock);
}

}  // namespace coppice
