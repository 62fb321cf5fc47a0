#include "rpc/retrying_source.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "rpc/status_codec.h"

namespace coppice {
namespace {

bool MaySucceedLater(const absl::Status& status) {
  return IsTransportFailure(status) || IsOverload(status);
}

class Retrier final : public RetryingSource {
 public:
  Retrier(Source& base, BlockLoader* loader, RetryingSourceOptions options, Timer& timer,
          const Clock& clock)
      : base_(base), loader_(loader), options_(options), timer_(timer), clock_(clock) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    Start<PathState>(context, std::move(done), [this, path, context](Done<PathState> done) {
      base_.GetAttributes(path, context, std::move(done));
    });
  }

  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    Start<ListingRef>(context, std::move(done), [this, path, page, context](Done<ListingRef> done) {
      base_.ReadDirectory(path, page, context, std::move(done));
    });
  }

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    Start<BlockRef>(context, std::move(done), [this, key, context](Done<BlockRef> done) {
      base_.ReadBlock(key, context, std::move(done));
    });
  }

  void LoadBlock(const BlockKey& key, const RequestContext& context, Done<bool> done) override {
    Start<bool>(context, std::move(done), [this, key, context](Done<bool> done) {
      loader_->LoadBlock(key, context, std::move(done));
    });
  }

  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override {
    Start<uint64_t>(context, std::move(done),
                    [this, path, version, offset, kind, context](Done<uint64_t> done) {
                      base_.FindExtent(path, version, offset, kind, context, std::move(done));
                    });
  }

  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    Start<FileSystemStatistics>(context, std::move(done),
                                [this, path, context](Done<FileSystemStatistics> done) {
                                  base_.GetFileSystemStatistics(path, context, std::move(done));
                                });
  }

  LayerStatistics Statistics() const override {
    return {
        .layer = "retrying",
        .counters = {{"retries", retries_}, {"recovered", recovered_}, {"given_up", given_up_}}};
  }

 private:
  // One request, over all its tries. Shared by the try on its way and by the caller of that try,
  // which may still be inside `ask` when the answer comes on another thread.
  template <typename T>
  struct Request {
    RequestContext context;
    Done<T> done;
    std::function<void(Done<T>)> ask;
    absl::Duration backoff;
    bool repeated = false;
  };

  template <typename T>
  void Start(const RequestContext& context, Done<T> done, std::function<void(Done<T>)> ask) {
    Ask(std::make_shared<Request<T>>(
        Request<T>{context, std::move(done), std::move(ask), options_.backoff_min}));
  }

  template <typename T>
  void Ask(std::shared_ptr<Request<T>> request) {
    request->ask([this, request](absl::StatusOr<T> answer) {
      if (answer.ok() || !MaySucceedLater(answer.status()) || request->context.speculative) {
        if (request->repeated) ++recovered_;
        std::move(request->done)(std::move(answer));
        return;
      }
      if (clock_.Now() + request->backoff >= request->context.deadline) {
        ++given_up_;
        std::move(request->done)(std::move(answer));
        return;
      }
      ++retries_;
      request->repeated = true;
      const absl::Duration delay = request->backoff;
      request->backoff = std::min(2 * delay, options_.backoff_max);
      timer_.RunAfter(delay, [this, request] { Ask(request); });
    });
  }

  Source& base_;
  BlockLoader* const loader_;  // null: nobody loads
  const RetryingSourceOptions options_;
  Timer& timer_;
  const Clock& clock_;
  std::atomic<uint64_t> retries_{0};
  std::atomic<uint64_t> recovered_{0};
  std::atomic<uint64_t> given_up_{0};
};

}  // namespace

std::unique_ptr<RetryingSource> MakeRetryingSource(Source& base, RetryingSourceOptions options,
                                                   Timer& timer, const Clock& clock) {
  return std::make_unique<Retrier>(base, nullptr, options, timer, clock);
}

std::unique_ptr<RetryingSource> MakeRetryingPeer(PeerSource& peer, RetryingSourceOptions options,
                                                 Timer& timer, const Clock& clock) {
  return std::make_unique<Retrier>(peer, &peer, options, timer, clock);
}

}  // namespace coppice
