#include "rpc/mount_registry.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "proto/peer.pb.h"
#include "rpc/attached_mount.h"
#include "rpc/gathering.h"

namespace coppice {
namespace {

using Answer = AttachedMount::Answer;
using AnswerGathering = Gathering<Answer>;
using GoneGathering = Gathering<bool>;
using Mounts = std::vector<std::shared_ptr<AttachedMount>>;

std::string Name(const AttachedMount& mount) {
  return absl::StrCat("mount ", mount.mount_point(), " (pid ", mount.pid(), ")");
}

InvalidateOutcome OutcomeOf(const Mounts& mounts, const AnswerGathering::Answers& answers,
                            absl::Duration timeout) {
  InvalidateOutcome outcome;
  for (size_t i = 0; i < mounts.size(); ++i) {
    const std::optional<Answer>& answer = answers[i];
    if (!answer.has_value()) {
      outcome.failures.push_back(
          absl::StrCat(Name(*mounts[i]), ": no answer in ", absl::FormatDuration(timeout)));
    } else if (answer->kind == Answer::Kind::kTooMany) {
      outcome.failures.push_back(absl::StrCat(
          Name(*mounts[i]), ": too many orders wait for its answer (orders_pending_max)"));
    } else if (answer->kind == Answer::Kind::kReport) {
      if (answer->report.done()) {
        ++outcome.mounts;
      } else {
        outcome.failures.push_back(absl::StrCat(Name(*mounts[i]), ": it did not forget"));
      }
    }
  }
  return outcome;
}

StopOutcome StopOutcomeOf(const Mounts& mounts, const GoneGathering::Answers& answers,
                          absl::Duration timeout) {
  StopOutcome outcome;
  for (size_t i = 0; i < mounts.size(); ++i) {
    if (answers[i].has_value()) {
      ++outcome.mounts;
    } else {
      outcome.failures.push_back(
          absl::StrCat(Name(*mounts[i]), ": still there after ", absl::FormatDuration(timeout)));
    }
  }
  return outcome;
}

std::vector<MountCounters> CountersOf(const Mounts& mounts,
                                      const AnswerGathering::Answers& answers) {
  std::vector<MountCounters> all;
  for (size_t i = 0; i < mounts.size(); ++i) {
    if (!answers[i].has_value() || !answers[i]->report.has_statistics()) continue;
    const auto& counters = answers[i]->report.statistics().counters();
    all.push_back({.mount_point = mounts[i]->mount_point(),
                   .pid = mounts[i]->pid(),
                   .counters = {counters.begin(), counters.end()}});
  }
  return all;
}

class Registry final : public MountRegistry, private AttachedMount::Owner {
 public:
  Registry(MountRegistryOptions options, Timer& timer)
      : options_(std::move(options)), timer_(timer) {}

  void Invalidate(const Invalidation& invalidation, absl::Duration timeout,
                  absl::AnyInvocable<void(InvalidateOutcome) &&> done) override {
    v1::MountOrder order;
    order.mutable_invalidate()->set_path(invalidation.path.text());
    order.mutable_invalidate()->set_recursive(invalidation.recursive);
    Mounts mounts = AttachedNow();
    if (mounts.empty()) return std::move(done)({});
    SendToAll(mounts, order, timeout,
              [mounts, timeout, done = std::move(done)](AnswerGathering::Answers answers) mutable {
                std::move(done)(OutcomeOf(mounts, answers, timeout));
              });
  }

  void CollectStatistics(absl::Duration timeout,
                         absl::AnyInvocable<void(std::vector<MountCounters>) &&> done) override {
    v1::MountOrder order;
    order.set_report_statistics(true);
    Mounts mounts = AttachedNow();
    if (mounts.empty()) return std::move(done)({});
    SendToAll(mounts, order, timeout,
              [mounts, done = std::move(done)](AnswerGathering::Answers answers) mutable {
                std::move(done)(CountersOf(mounts, answers));
              });
  }

  void Stop(absl::Duration timeout, absl::AnyInvocable<void(StopOutcome) &&> done) override {
    v1::MountOrder order;
    order.set_stop(true);
    Mounts mounts = AttachedNow();
    if (mounts.empty()) return std::move(done)({});
    const auto gathering = GoneGathering::Start(
        mounts.size(), timeout, timer_,
        [mounts, timeout, done = std::move(done)](GoneGathering::Answers answers) mutable {
          std::move(done)(StopOutcomeOf(mounts, answers, timeout));
        });
    for (size_t i = 0; i < mounts.size(); ++i) {
      // Only the end of the stream says that the mount is gone.
      WhenGone(mounts[i], [gathering, i] { gathering->Answered(i, true); });
      mounts[i]->Send(order, [](const Answer&) {});
    }
  }

  size_t size() const override { return AttachedNow().size(); }

  size_t mounted() const override {
    MutexLock lock(mutex_);
    return static_cast<size_t>(std::count_if(streams_.begin(), streams_.end(),
                                             [](const Stream& stream) { return stream.mounted; }));
  }

  void Close() override {
    Mounts ended;
    {
      MutexLock lock(mutex_);
      closed_ = true;
      for (const Stream& stream : streams_) ended.push_back(stream.mount);
    }
    for (const auto& mount : ended) {
      mount->Close(absl::UnavailableError("the peer is shutting down"));
    }
  }

  grpc::ServerBidiReactor<v1::MountReport, v1::MountOrder>* Attach() override {
    v1::MountOrder welcome;
    welcome.mutable_welcome()->set_export_root(options_.export_root);
    welcome.mutable_welcome()->set_node(options_.node);
    auto mount = AttachedMount::Start(*this, std::move(welcome), options_.orders_pending_max);
    absl::Status refused;
    {
      MutexLock lock(mutex_);
      if (closed_) {
        refused = absl::UnavailableError("the peer is shutting down");
      } else if (streams_.size() >= options_.mounts_max) {
        refused = absl::ResourceExhaustedError(absl::StrCat(
            options_.mounts_max, " mounts are attached to this peer already (mounts_max)"));
      } else {
        streams_.push_back({.mount = mount});
      }
    }
    if (!refused.ok()) mount->Close(refused);
    return mount.get();  // keeps itself alive
  }

 private:
  struct Stream {
    std::shared_ptr<AttachedMount> mount;
    bool attached = false;  // its hello was said
    bool mounted = false;
    std::vector<absl::AnyInvocable<void() &&>> when_gone;
  };

  void SendToAll(const Mounts& mounts, const v1::MountOrder& order, absl::Duration timeout,
                 AnswerGathering::Done done) {
    const auto gathering = AnswerGathering::Start(mounts.size(), timeout, timer_, std::move(done));
    for (size_t i = 0; i < mounts.size(); ++i) {
      mounts[i]->Send(order,
                      [gathering, i](Answer answer) { gathering->Answered(i, std::move(answer)); });
    }
  }

  Mounts AttachedNow() const {
    MutexLock lock(mutex_);
    Mounts mounts;
    for (const Stream& stream : streams_) {
      if (stream.attached) mounts.push_back(stream.mount);
    }
    return mounts;
  }

  void Attached(AttachedMount& mount) override {
    spdlog::info("{} attached", Name(mount));
    {
      MutexLock lock(mutex_);
      for (Stream& stream : streams_) {
        if (stream.mount.get() == &mount) stream.attached = true;
      }
    }
    options_.on_change();
  }

  void Mounted(AttachedMount& mount) override {
    {
      MutexLock lock(mutex_);
      for (Stream& stream : streams_) {
        if (stream.mount.get() == &mount) stream.mounted = true;
      }
    }
    options_.on_change();
  }

  // At once when it is gone already.
  void WhenGone(const std::shared_ptr<AttachedMount>& mount, absl::AnyInvocable<void() &&> gone) {
    {
      MutexLock lock(mutex_);
      for (Stream& stream : streams_) {
        if (stream.mount != mount) continue;
        stream.when_gone.push_back(std::move(gone));
        return;
      }
    }
    std::move(gone)();
  }

  void Detached(AttachedMount& mount) override {
    Stream ended;  // destroyed without the lock
    {
      MutexLock lock(mutex_);
      const auto found =
          std::find_if(streams_.begin(), streams_.end(),
                       [&mount](const Stream& stream) { return stream.mount.get() == &mount; });
      if (found == streams_.end()) return;  // was refused
      ended = std::move(*found);
      streams_.erase(found);
    }
    if (!ended.attached) return;
    spdlog::info("{} detached", Name(mount));
    for (auto& gone : ended.when_gone) std::move(gone)();
    options_.on_change();
  }

  const MountRegistryOptions options_;
  Timer& timer_;
  mutable Mutex mutex_;
  std::vector<Stream> streams_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<MountRegistry> MakeMountRegistry(MountRegistryOptions options, Timer& timer) {
  return std::make_unique<Registry>(std::move(options), timer);
}

}  // namespace coppice
