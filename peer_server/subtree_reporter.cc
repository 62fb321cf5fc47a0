#include "peer_server/subtree_reporter.h"

#include <functional>
#include <utility>

#include "proto/membership.pb.h"

namespace coppice {

void SubtreeReporter::Start() {
  {
    MutexLock lock(mutex_);
    started_ = true;
  }
  Tick();
}

void SubtreeReporter::Tick() {
  board_.FindSilentChildren();
  Pump();
  timer_.RunAfter(kReadinessPeriod, [this, gate = gate_] {
    if (!gate->Enter()) return;
    Tick();
    gate->Leave();
  });
}

void SubtreeReporter::Pump() {
  if (parent_ == nullptr) return;
  const uint64_t revision = board_.revision();
  uint64_t taken = 0;
  {
    MutexLock lock(mutex_);
    if (!started_ || busy_) return;
    // The tick may come a moment early.
    const bool due = clock_.Now() - sent_at_ >= kReadinessPeriod * 9 / 10;
    if (taken_revision_ == revision && !due) return;
    busy_ = true;
    sent_at_ = clock_.Now();
    taken = taken_revision_;
  }
  Send(taken);
}

void SubtreeReporter::Send(uint64_t taken_revision) {
  const v1::SubtreeReport report = board_.Report(taken_revision);
  auto* const stub = parent_->membership->async();
  calls_.Call<v1::SubtreeReport, v1::SubtreeReportReply>(
      report, {.deadline = clock_.Now() + kReportTimeout},
      [stub](grpc::ClientContext* context, const v1::SubtreeReport* sent,
             v1::SubtreeReportReply* reply, std::function<void(grpc::Status)> done) {
        stub->ReportSubtree(context, sent, reply, std::move(done));
      },
      [this, taken_revision, revision = report.revision()](const grpc::Status& status,
                                                           v1::SubtreeReportReply& reply) {
        // A failed report may have been taken: then it is sent twice, which does no harm.
        Sent(!status.ok() ? taken_revision : reply.report_all() ? 0 : revision);
      });
}

void SubtreeReporter::Sent(uint64_t taken_revision) {
  {
    MutexLock lock(mutex_);
    taken_revision_ = taken_revision;
  }
  timer_.RunAfter(kReportGap, [this, gate = gate_] {
    if (!gate->Enter()) return;
    {
      MutexLock lock(mutex_);
      busy_ = false;
    }
    Pump();
    gate->Leave();
  });
}

}  // namespace coppice
