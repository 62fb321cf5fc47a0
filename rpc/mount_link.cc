#include "rpc/mount_link.h"

#include <grpcpp/channel.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/mutex.h"
#include "common/status.h"
#include "proto/peer.grpc.pb.h"
#include "rpc/mount_stream.h"
#include "source/path.h"

namespace coppice {
namespace {

// What the link and the timer share: a task of the timer may come when the link is gone.
class LinkCore final : public MountStream::Owner, public std::enable_shared_from_this<LinkCore> {
 public:
  LinkCore(std::shared_ptr<grpc::Channel> channel, MountLinkOptions options,
           MountLinkCallbacks callbacks, Timer& timer)
      : options_(std::move(options)),
        timer_(timer),
        stub_(v1::Peer::NewStub(std::move(channel))),
        callbacks_(std::move(callbacks)),
        backoff_(options_.backoff_min) {}

  void Connect() {
    auto stream = std::make_shared<MountStream>(*this);
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      stream_ = stream;
      ++streams_;
    }
    v1::MountReport hello;
    hello.mutable_hello()->set_mount_point(options_.mount_point);
    hello.mutable_hello()->set_pid(options_.pid);
    MountStream& started = *stream;
    started.Start(*stub_, std::move(hello), std::move(stream));
  }

  void Stop() {
    std::shared_ptr<MountStream> stream;
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      stream = std::move(stream_);
    }
    if (stream != nullptr) stream->Cancel();
    MutexLock lock(mutex_);
    while (streams_ > 0) changed_.Wait(mutex_);
  }

  absl::StatusOr<Welcome> WaitForWelcome(absl::Duration timeout) {
    const absl::Time deadline = absl::Now() + timeout;
    MutexLock lock(mutex_);
    while (!welcome_.has_value()) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) {
        return absl::DeadlineExceededError(
            absl::StrCat("the peer did not welcome this mount in ", absl::FormatDuration(timeout),
                         last_error_.ok() ? "" : absl::StrCat(": ", last_error_.message())));
      }
      changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(std::min(left, kWaitMax)));
    }
    return *welcome_;
  }

  void ReportMounted() {
    std::shared_ptr<MountStream> stream;
    {
      MutexLock lock(mutex_);
      mounted_ = true;
      if (welcome_now_) stream = stream_;
    }
    if (stream != nullptr) stream->Send(MountedReport());
  }

  void Ordered(const v1::MountOrder& order, std::shared_ptr<MountStream> stream) override {
    switch (order.action_case()) {
      case v1::MountOrder::kWelcome:
        return HandleWelcome(order.welcome(), *stream);
      case v1::MountOrder::kInvalidate:
        return HandleInvalidate(order, std::move(stream));
      case v1::MountOrder::kReportStatistics: {
        v1::MountReport report;
        report.set_order(order.order());
        for (const auto& [name, value] : callbacks_.on_statistics()) {
          (*report.mutable_statistics()->mutable_counters())[name] = value;
        }
        return stream->Send(std::move(report));
      }
      case v1::MountOrder::kStop: {
        const bool stops = callbacks_.on_stop != nullptr;
        stream->Send(DoneReport(order.order(), stops));
        if (stops) callbacks_.on_stop();
        return;
      }
      case v1::MountOrder::ACTION_NOT_SET:
        // An order of a newer peer: say at once that it was not carried out.
        return stream->Send(DoneReport(order.order(), false));
    }
  }

  void Ended(const absl::Status& status) override {
    // The link may go as soon as the last stream is no longer counted.
    const auto self = shared_from_this();
    bool was_welcome = false;
    bool stopping = false;
    absl::Duration delay;
    {
      MutexLock lock(mutex_);
      was_welcome = std::exchange(welcome_now_, false);
      stopping = stopping_;
      last_error_ = status.ok() ? absl::UnavailableError("the peer ended the stream") : status;
      delay = backoff_;
      backoff_ = std::min(2 * backoff_, options_.backoff_max);
    }
    if (!stopping) {
      if (was_welcome) spdlog::warn("lost the stream to the peer: {}", status.ToString());
      timer_.RunAfter(delay, [self] { self->Connect(); });
    }
    MutexLock lock(mutex_);
    --streams_;
    changed_.NotifyAll();
  }

 private:
  void HandleWelcome(const v1::MountOrder::Welcome& message, MountStream& stream) {
    Welcome welcome{.export_root = message.export_root(), .node = message.node()};
    bool first = false;
    bool mounted = false;
    {
      MutexLock lock(mutex_);
      mounted = mounted_;
      first = !welcome_.has_value();
      backoff_ = options_.backoff_min;
      welcome_now_ = true;
    }
    if (mounted) stream.Send(MountedReport());
    if (callbacks_.on_welcome != nullptr) callbacks_.on_welcome(welcome);
    if (!first) {
      spdlog::info("the peer {} is back", welcome.node);
      if (callbacks_.on_reconnected != nullptr) callbacks_.on_reconnected();
    }
    MutexLock lock(mutex_);
    welcome_ = std::move(welcome);
    changed_.NotifyAll();
  }

  void HandleInvalidate(const v1::MountOrder& order, std::shared_ptr<MountStream> stream) {
    auto path = Path::Parse(order.invalidate().path());
    if (!path.ok()) {
      spdlog::error("the peer ordered to forget a path that cannot be: {}",
                    path.status().ToString());
      return stream->Send(DoneReport(order.order(), false));
    }
    callbacks_.on_invalidate(
        {.path = *std::move(path), .recursive = order.invalidate().recursive()},
        [stream = std::weak_ptr<MountStream>(stream), number = order.order()] {
          if (const auto open = stream.lock(); open != nullptr)
            open->Send(DoneReport(number, true));
        });
  }

  static v1::MountReport DoneReport(uint64_t order, bool done) {
    v1::MountReport report;
    report.set_order(order);
    report.set_done(done);
    return report;
  }

  static v1::MountReport MountedReport() {
    v1::MountReport report;
    report.set_mounted(true);
    return report;
  }

  static constexpr absl::Duration kWaitMax = absl::Hours(1);

  const MountLinkOptions options_;
  Timer& timer_;
  const std::unique_ptr<v1::Peer::Stub> stub_;
  MountLinkCallbacks callbacks_;  // only touched by Ordered, which comes one at a time

  Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<MountStream> stream_ ABSL_GUARDED_BY(mutex_);  // the latest
  size_t streams_ ABSL_GUARDED_BY(mutex_) = 0;                   // that have not ended
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Welcome> welcome_ ABSL_GUARDED_BY(mutex_);
  bool welcome_now_ ABSL_GUARDED_BY(mutex_) = false;  // by the stream that is open
  bool mounted_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status last_error_ ABSL_GUARDED_BY(mutex_);
  absl::Duration backoff_ ABSL_GUARDED_BY(mutex_);
};

class Link final : public MountLink {
 public:
  explicit Link(std::shared_ptr<LinkCore> core) : core_(std::move(core)) { core_->Connect(); }
  ~Link() override { core_->Stop(); }

  absl::StatusOr<Welcome> WaitForWelcome(absl::Duration timeout) override {
    return core_->WaitForWelcome(timeout);
  }

  void ReportMounted() override { core_->ReportMounted(); }

 private:
  const std::shared_ptr<LinkCore> core_;
};

}  // namespace

std::unique_ptr<MountLink> StartMountLink(std::shared_ptr<grpc::Channel> channel,
                                          MountLinkOptions options, MountLinkCallbacks callbacks,
                                          Timer& timer) {
  return std::make_unique<Link>(std::make_shared<LinkCore>(std::move(channel), std::move(options),
                                                           std::move(callbacks), timer));
}

}  // namespace coppice
