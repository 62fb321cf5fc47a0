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

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/status.h"
#include "proto/peer.grpc.pb.h"
#include "rpc/block_codec.h"
#include "rpc/codec.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

// Read is raw: its answer is made by block_codec.
using CallbackService = v1::Peer::WithRawCallbackMethod_Read<v1::Peer::WithCallbackMethod_GetAttr<
    v1::Peer::WithCallbackMethod_ReadDirPlus<v1::Peer::WithCallbackMethod_ReadLink<
        v1::Peer::WithCallbackMethod_Seek<v1::Peer::WithCallbackMethod_FsStat<
            v1::Peer::WithCallbackMethod_Attach<v1::Peer::Service>>>>>>>;

absl::StatusOr<v1::ReadRequest> ParseReadRequest(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (bytes.Valid() && !bytes.Dump(&slices).ok()) return ErrnoStatus(EINVAL, "a read request");
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  v1::ReadRequest request;
  if (!request.ParseFromString(text)) return ErrnoStatus(EINVAL, "parse a read request");
  return request;
}

// A stream that ends as soon as it begins. Deletes itself.
class RefusedStream final : public grpc::ServerBidiReactor<v1::MountReport, v1::MountOrder> {
 public:
  RefusedStream() {
    Finish(grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                        "a mount attaches by the unix socket of its own node's peer"));
  }
  void OnDone() override { delete this; }
};

class SourceService final : public PeerService, private CallbackService {
 public:
  SourceService(Source& source, MountRegistry& mounts, PeerServiceOptions options,
                const Clock& clock)
      : source_(source), mounts_(mounts), options_(options), clock_(clock) {}

  grpc::Service& service() override { return *this; }

  LayerStatistics Statistics() const override {
    return {.layer = "service",
            .counters = {{"get_attr", get_attr_},
                         {"read_dir_plus", read_dir_plus_},
                         {"read_link", read_link_},
                         {"read", read_},
                         {"seek", seek_},
                         {"fs_stat", fs_stat_},
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

  Reactor* GetAttr(Context* call, const v1::GetAttrRequest* request,
                   v1::GetAttrReply* reply) override {
    ++get_attr_;
    Reactor* const reactor = call->DefaultReactor();
    const auto path = Path::Parse(request->path());
    RequestContext context;
    if (!Admit(*call, reactor, request->options(), path.status(), &context)) return reactor;
    source_.GetAttributes(*path, context,
                          Answer<PathState>(*call, reactor, [this, reply](const PathState& state) {
                            EncodePathState(state, clock_.Now(), reply);
                            return absl::OkStatus();
                          }));
    return reactor;
  }

  Reactor* ReadLink(Context* call, const v1::ReadLinkRequest* request,
                    v1::ReadLinkReply* reply) override {
    ++read_link_;
    Reactor* const reactor = call->DefaultReactor();
    const auto path = Path::Parse(request->path());
    RequestContext context;
    if (!Admit(*call, reactor, request->options(), path.status(), &context)) return reactor;
    source_.GetAttributes(
        *path, context,
        Answer<PathState>(*call, reactor, [reply, path = *path](const PathState& state) {
          const std::string what = absl::StrCat("readlink '", path.text(), "'");
          if (!state.attributes.has_value()) return ErrnoStatus(ENOENT, what);
          if (!S_ISLNK(state.attributes->mode)) return ErrnoStatus(EINVAL, what);
          reply->set_target(state.attributes->link_target);
          return absl::OkStatus();
        }));
    return reactor;
  }

  Reactor* ReadDirPlus(Context* call, const v1::ReadDirPlusRequest* request,
                       v1::ReadDirPlusReply* reply) override {
    ++read_dir_plus_;
    Reactor* const reactor = call->DefaultReactor();
    const auto path = Path::Parse(request->path());
    const auto page = DecodePage(*request);
    RequestContext context;
    if (!Admit(*call, reactor, request->options(), path.ok() ? page.status() : path.status(),
               &context)) {
      return reactor;
    }
    source_.ReadDirectory(
        *path, *page, context,
        Answer<ListingRef>(*call, reactor, [this, reply](const ListingRef& listing) {
          EncodeListing(*listing, clock_.Now(), reply);
          return absl::OkStatus();
        }));
    return reactor;
  }

  Reactor* Read(Context* call, const grpc::ByteBuffer* bytes, grpc::ByteBuffer* reply) override {
    ++read_;
    Reactor* const reactor = call->DefaultReactor();
    const auto request = ParseReadRequest(*bytes);
    const auto key = request.ok() ? DecodeBlockKey(*request) : request.status();
    RequestContext context;
    if (!Admit(*call, reactor, request.ok() ? request->options() : v1::RequestOptions(),
               key.status(), &context)) {
      return reactor;
    }
    source_.ReadBlock(*key, context,
                      Answer<BlockRef>(*call, reactor,
                                       [this, reply, share = request->into_shared_memory()](
                                           const BlockRef& block) {
                                         EncodeRead(block, share, reply);
                                         return absl::OkStatus();
                                       }));
    return reactor;
  }

  Reactor* Seek(Context* call, const v1::SeekRequest* request, v1::SeekReply* reply) override {
    ++seek_;
    Reactor* const reactor = call->DefaultReactor();
    const auto path = Path::Parse(request->path());
    const auto version = DecodeSeekVersion(*request);
    const auto kind = request->find_hole() ? ExtentKind::kHole : ExtentKind::kData;
    RequestContext context;
    if (!Admit(*call, reactor, request->options(), path.ok() ? version.status() : path.status(),
               &context)) {
      return reactor;
    }
    source_.FindExtent(*path, *version, request->offset(), kind, context,
                       Answer<uint64_t>(*call, reactor, [reply](uint64_t offset) {
                         reply->set_offset(offset);
                         return absl::OkStatus();
                       }));
    return reactor;
  }

  Reactor* FsStat(Context* call, const v1::FsStatRequest* request,
                  v1::FsStatReply* reply) override {
    ++fs_stat_;
    Reactor* const reactor = call->DefaultReactor();
    const auto path = Path::Parse(request->path());
    RequestContext context;
    if (!Admit(*call, reactor, request->options(), path.status(), &context)) return reactor;
    source_.GetFileSystemStatistics(
        *path, context,
        Answer<FileSystemStatistics>(*call, reactor,
                                     [reply](const FileSystemStatistics& statistics) {
                                       EncodeFileSystemStatistics(statistics, reply);
                                       return absl::OkStatus();
                                     }));
    return reactor;
  }

  grpc::ServerBidiReactor<v1::MountReport, v1::MountOrder>* Attach(Context* call) override {
    // A mount is on this node, and comes by the socket, which only its owner can open. Whoever
    // comes by TCP could take the mounts' places.
    if (absl::StartsWith(call->peer(), "ipv4:") || absl::StartsWith(call->peer(), "ipv6:")) {
      ++refused_;
      return new RefusedStream;
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

  // True: the call counts as in flight until its Answer, and `context` is what to ask the source
  // with. False: it was finished with the reason. `valid` is what the request's fields came to.
  bool Admit(Context& call, Reactor* reactor, const v1::RequestOptions& options,
             const absl::Status& valid, RequestContext* context) {
    absl::Status refused = valid;
    if (refused.ok() && options.hops() > kHopsMax) {
      refused = absl::FailedPreconditionError(
          absl::StrCat("passed on by ", options.hops(), " peers: the tree has a loop"));
    }
    if (!refused.ok()) {
      ++invalid_;
    } else if (in_flight_.fetch_add(1) >= options_.calls_in_flight_max) {
      --in_flight_;
      ++refused_;
      refused = absl::ResourceExhaustedError(
          absl::StrCat("this peer has ", options_.calls_in_flight_max,
                       " calls in flight already (calls_in_flight_max)"));
    }
    if (!refused.ok()) {
      reactor->Finish(EncodeStatus(refused, call));
      return false;
    }
    *context = DecodeContext(options);
    absl::Duration left = options_.call_time_max;
    const auto deadline = call.deadline();
    if (deadline != std::chrono::system_clock::time_point::max()) {
      left = std::min(left, absl::FromChrono(deadline) - absl::Now());
    }
    // gRPC keeps its own time; ours may be a test's.
    context->deadline = clock_.Now() + left;
    return true;
  }

  // What the source calls in the end: finishes the call, with the reply that `encode` makes.
  template <typename T, typename Encode>
  Done<T> Answer(Context& call, Reactor* reactor, Encode encode) {
    return [this, &call, reactor, encode = std::move(encode)](absl::StatusOr<T> result) mutable {
      absl::Status status = result.status();
      if (!status.ok()) {
        ++errors_;
      } else if (call.IsCancelled()) {
        // Not OK without an encoded reply: gRPC aborts on an answer of no message.
        status = absl::CancelledError("the caller gave up");
      } else if (status = encode(*result); !status.ok()) {
        ++errors_;
      }
      const grpc::Status encoded = EncodeStatus(status, call);
      --in_flight_;
      // The last word: the server may be gone after it, and this service with it.
      reactor->Finish(encoded);
    };
  }

  Source& source_;
  MountRegistry& mounts_;
  const PeerServiceOptions options_;
  const Clock& clock_;

  std::atomic<uint64_t> get_attr_{0};
  std::atomic<uint64_t> read_dir_plus_{0};
  std::atomic<uint64_t> read_link_{0};
  std::atomic<uint64_t> read_{0};
  std::atomic<uint64_t> seek_{0};
  std::atomic<uint64_t> fs_stat_{0};
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
