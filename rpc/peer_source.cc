#include "rpc/peer_source.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "proto/peer.grpc.pb.h"
#include "rpc/block_codec.h"
#include "rpc/codec.h"
#include "rpc/exchange.h"
#include "rpc/exchange_codec.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

constexpr char kReadMethod[] = "/coppice.v1.Peer/Read";

// A block up to this size travels on the stream, where it costs a small part of a call. A larger
// one has a call and a connection of its own: it would keep the small answers waiting.
constexpr size_t kStreamedBlockBytesMax = 64 << 10;

// How often a block is asked for before its bytes are given up.
constexpr int kBlockTriesMax = 2;

// One call on the wire, owned by its callback.
template <typename Request, typename Reply, typename Result>
struct Call {
  // Gone before `done` runs. It refers to the channel: would it go after, whoever destroys the
  // source on hearing `done` could leave the channel's last reference to this thread of gRPC's,
  // which would then have to wait for its own end.
  std::optional<grpc::ClientContext> client_context{std::in_place};
  Request request;
  Reply reply;
  Done<Result> done;
  bool hop_timeout_binds = false;  // our deadline comes before the reader's
};

class RemotePeer final : public PeerSource {
 public:
  RemotePeer(PeerChannels channels, PeerSourceOptions options, BlockAllocator& allocator,
             const Clock& clock)
      : options_(std::move(options)),
        allocator_(allocator),
        clock_(clock),
        stub_(v1::Peer::NewStub(channels.control)),
        bulk_(channels.bulk),
        exchange_(MakeExchange(channels.control, options_.wait_for_ready)) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    ++get_attributes_;
    v1::GetAttrRequest request;
    request.set_path(path.text());
    EncodeOptions(context, request.mutable_options());
    Ask<v1::GetAttrReply>(
        v1::EXCHANGE_METHOD_GET_ATTR, request, context, std::move(done),
        [this](const v1::GetAttrReply& reply) { return DecodePathState(reply, clock_.Now()); });
  }

  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    ++read_directory_;
    v1::ReadDirPlusRequest request;
    request.set_path(path.text());
    EncodePage(page, &request);
    EncodeOptions(context, request.mutable_options());
    Ask<v1::ReadDirPlusReply>(v1::EXCHANGE_METHOD_READ_DIR_PLUS, request, context, std::move(done),
                              [this, page](const v1::ReadDirPlusReply& reply) {
                                return DecodeListing(reply, page, clock_.Now());
                              });
  }

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    ++read_block_;
    // The receiver could not check a block of no bytes: it has no length to be held against.
    if (key.LengthBytes() == 0) {
      Fail(ErrnoStatus(EINVAL, absl::StrCat("read block ", key.index, " of '", key.path.text(),
                                            "', beyond its end")),
           std::move(done));
      return;
    }
    TryBlock(key, context, kBlockTriesMax, std::move(done));
  }

  void LoadBlock(const BlockKey& key, const RequestContext& context, Done<bool> done) override {
    ++load_block_;
    v1::ReadRequest request;
    EncodeBlockKey(key, &request);
    EncodeOptions(context, request.mutable_options());
    request.set_into_shared_memory(true);
    Ask<v1::ReadReply>(v1::EXCHANGE_METHOD_READ, request, context, std::move(done),
                       [](const v1::ReadReply& reply) -> absl::StatusOr<bool> {
                         return reply.in_shared_memory();
                       });
  }

  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override {
    ++find_extent_;
    auto call = Prepare<v1::SeekRequest, v1::SeekReply>(context, done);
    if (call == nullptr) return;
    EncodeSeek(path, version, offset, kind, &call->request);
    EncodeOptions(context, call->request.mutable_options());
    stub_->async()->Seek(
        &*call->client_context, &call->request, &call->reply, [this, call](grpc::Status status) {
          Finish(*call, status, [&call] { return DecodeSeekReply(call->reply, call->request); });
        });
  }

  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    ++get_file_system_statistics_;
    auto call = Prepare<v1::FsStatRequest, v1::FsStatReply>(context, done);
    if (call == nullptr) return;
    call->request.set_path(path.text());
    EncodeOptions(context, call->request.mutable_options());
    stub_->async()->FsStat(
        &*call->client_context, &call->request, &call->reply, [this, call](grpc::Status status) {
          Finish(*call, status, [&call]() -> absl::StatusOr<FileSystemStatistics> {
            return DecodeFileSystemStatistics(call->reply);
          });
        });
  }

  LayerStatistics Statistics() const override {
    return {.layer = options_.layer,
            .counters = {{"get_attributes", get_attributes_},
                         {"read_directory", read_directory_},
                         {"read_block", read_block_},
                         {"load_block", load_block_},
                         {"find_extent", find_extent_},
                         {"get_file_system_statistics", get_file_system_statistics_},
                         {"errors", errors_},
                         {"bytes_received", bytes_received_},
                         {"crc_mismatches", crc_mismatches_},
                         {"messages_sent", exchange_->counters().messages_sent},
                         {"messages_received", exchange_->counters().messages_received}}};
  }

 private:
  // How long a request may take. None: it cannot be made, and `done` has run.
  struct Limit {
    absl::Duration time;
    bool hop_timeout_binds;  // our deadline comes before the reader's
  };
  template <typename Result>
  std::optional<Limit> LimitOf(const RequestContext& context, Done<Result>& done) {
    if (context.hops > kHopsMax) {
      Fail(absl::FailedPreconditionError(
               absl::StrCat("passed on by ", context.hops, " peers: the tree has a loop")),
           std::move(done));
      return std::nullopt;
    }
    const absl::Duration left = context.deadline - clock_.Now();
    if (left <= absl::ZeroDuration()) {
      Fail(absl::DeadlineExceededError("the deadline passed before the peer was asked"),
           std::move(done));
      return std::nullopt;
    }
    return Limit{.time = std::min(left, options_.hop_timeout),
                 .hop_timeout_binds = options_.hop_timeout < left};
  }

  // A request on the stream; `decode` makes the result of its reply.
  template <typename Reply, typename Result, typename Decode>
  void Ask(v1::ExchangeMethod method, const google::protobuf::MessageLite& request,
           const RequestContext& context, Done<Result> done, Decode decode) {
    const std::optional<Limit> limit = LimitOf(context, done);
    if (!limit.has_value()) return;
    exchange_->Ask(method, request.SerializeAsString(), limit->time, context.speculative,
                   [this, done = std::move(done), decode = std::move(decode),
                    binds = limit->hop_timeout_binds](absl::StatusOr<std::string> bytes) mutable {
                     absl::StatusOr<Result> result = absl::DataLossError("a malformed reply");
                     Reply reply;
                     if (!bytes.ok()) {
                       result = HopStatus(bytes.status(), binds);
                     } else if (reply.ParseFromString(*bytes)) {
                       result = decode(reply);
                     }
                     if (!result.ok()) return Fail(result.status(), std::move(done));
                     std::move(done)(std::move(result));
                   });
  }

  // A call of its own, with its deadline; nullptr when it cannot be made: then `done` has run.
  template <typename Request, typename Reply, typename Result>
  std::shared_ptr<Call<Request, Reply, Result>> Prepare(const RequestContext& context,
                                                        Done<Result>& done) {
    const std::optional<Limit> limit = LimitOf(context, done);
    if (!limit.has_value()) return nullptr;
    auto call = std::make_shared<Call<Request, Reply, Result>>();
    call->done = std::move(done);
    call->hop_timeout_binds = limit->hop_timeout_binds;
    // gRPC keeps its own time; ours may be a test's.
    call->client_context->set_deadline(std::chrono::system_clock::now() +
                                       absl::ToChronoNanoseconds(limit->time));
    call->client_context->set_wait_for_ready(options_.wait_for_ready);
    return call;
  }

  void EncodeOptions(const RequestContext& context, v1::RequestOptions* message) const {
    RequestContext passed_on = context;
    ++passed_on.hops;
    EncodeContext(passed_on, message);
  }

  void TryBlock(const BlockKey& key, const RequestContext& context, int tries_left,
                Done<BlockRef> done) {
    v1::ReadRequest request;
    EncodeBlockKey(key, &request);
    EncodeOptions(context, request.mutable_options());
    if (key.LengthBytes() <= kStreamedBlockBytesMax) {
      TryStreamedBlock(request, key, context, tries_left, std::move(done));
      return;
    }
    auto call = Prepare<grpc::ByteBuffer, grpc::ByteBuffer>(context, done);
    if (call == nullptr) return;
    call->request = EncodeMessage(request);
    bulk_.UnaryCall(&*call->client_context, kReadMethod, grpc::StubOptions(), &call->request,
                    &call->reply, [this, call, key, context, tries_left](grpc::Status status) {
                      absl::Status failure;
                      if (!status.ok()) failure = StatusOf(*call, status);
                      call->client_context.reset();
                      FinishBlock(failure, call->reply, key, context, tries_left,
                                  std::move(call->done));
                    });
  }

  void TryStreamedBlock(const v1::ReadRequest& request, const BlockKey& key,
                        const RequestContext& context, int tries_left, Done<BlockRef> done) {
    const std::optional<Limit> limit = LimitOf(context, done);
    if (!limit.has_value()) return;
    exchange_->Ask(
        v1::EXCHANGE_METHOD_READ, request.SerializeAsString(), limit->time, context.speculative,
        [this, key, context, tries_left, binds = limit->hop_timeout_binds,
         done = std::move(done)](absl::StatusOr<std::string> reply) mutable {
          absl::Status failure;
          grpc::ByteBuffer bytes;
          if (reply.ok()) {
            // Over the string's own memory, which stays until the block is decoded.
            const grpc::Slice slice(reply->data(), reply->size(), grpc::Slice::STATIC_SLICE);
            bytes = grpc::ByteBuffer(&slice, 1);
          } else {
            failure = HopStatus(reply.status(), binds);
          }
          FinishBlock(failure, bytes, key, context, tries_left, std::move(done));
        });
  }

  void FinishBlock(const absl::Status& failure, grpc::ByteBuffer& reply, const BlockKey& key,
                   const RequestContext& context, int tries_left, Done<BlockRef> done) {
    if (!failure.ok()) return Fail(failure, std::move(done));
    bytes_received_ += reply.Length();
    absl::StatusOr<BlockRef> block = DecodeBlock(reply, key, allocator_);
    reply.Clear();
    if (absl::IsDataLoss(block.status())) {
      ++crc_mismatches_;
      if (tries_left > 1) return TryBlock(key, context, tries_left - 1, std::move(done));
    }
    if (!block.ok()) return Fail(block.status(), std::move(done));
    std::move(done)(std::move(block));
  }

  // `decode` gives the result of a call that succeeded.
  template <typename AnyCall, typename Decode>
  void Finish(AnyCall& call, const grpc::Status& status, Decode decode) {
    auto result = status.ok() ? decode() : StatusOf(call, status);
    call.client_context.reset();
    if (!result.ok()) return Fail(result.status(), std::move(call.done));
    std::move(call.done)(std::move(result));
  }

  template <typename AnyCall>
  absl::Status StatusOf(const AnyCall& call, const grpc::Status& status) const {
    return HopStatus(DecodeStatus(status, *call.client_context), call.hop_timeout_binds);
  }

  absl::Status HopStatus(const absl::Status& status, bool hop_timeout_binds) const {
    // The peer has the same deadline as we, so it may be the first to say that it passed. With an
    // errno it is an answer: ETIMEDOUT of the backing file system has the same code.
    if (absl::IsDeadlineExceeded(status) && !HasErrno(status) && hop_timeout_binds) {
      return TransportFailure(
          absl::StrCat("no answer in ", absl::FormatDuration(options_.hop_timeout)));
    }
    return status;
  }

  // Nothing may be touched after `done`: it may destroy this source.
  template <typename Result>
  void Fail(const absl::Status& status, Done<Result> done) {
    ++errors_;
    std::move(done)(options_.peer.empty() ? status : Annotate(status, options_.peer));
  }

  const PeerSourceOptions options_;
  BlockAllocator& allocator_;
  const Clock& clock_;
  const std::unique_ptr<v1::Peer::Stub> stub_;
  grpc::GenericStub bulk_;
  const std::unique_ptr<Exchange> exchange_;

  std::atomic<uint64_t> get_attributes_{0};
  std::atomic<uint64_t> read_directory_{0};
  std::atomic<uint64_t> read_block_{0};
  std::atomic<uint64_t> load_block_{0};
  std::atomic<uint64_t> find_extent_{0};
  std::atomic<uint64_t> get_file_system_statistics_{0};
  std::atomic<uint64_t> errors_{0};
  std::atomic<uint64_t> bytes_received_{0};
  std::atomic<uint64_t> crc_mismatches_{0};
};

}  // namespace

std::unique_ptr<PeerSource> MakePeerSource(PeerChannels channels, PeerSourceOptions options,
                                           BlockAllocator& allocator, const Clock& clock) {
  return std::make_unique<RemotePeer>(std::move(channels), std::move(options), allocator, clock);
}

}  // namespace coppice
