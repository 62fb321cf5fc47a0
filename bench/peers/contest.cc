#include "bench/peers/contest.h"

#include <cstddef>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bench/interleave.h"
#include "bench/process/cpu_clock.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr double kMilliseconds = 1e3;

}  // namespace

absl::Status Contest::Measure(const Case& each) {
  context_.progress(each.name);
  std::vector<NamedMeasurement> measurements;
  // By measurement: its contender.
  std::vector<size_t> measured;
  std::vector<Samples> cpu(contenders_.size());
  for (size_t i = 0; i < contenders_.size(); ++i) {
    ContenderOrReason& contender = contenders_[i];
    if (contender.contender == nullptr) continue;
    measured.push_back(i);
    measurements.push_back({contender.name, [this, &each, &contender, &cpu = cpu[i]] {
                              return MeasureUnlessOut(each, contender, cpu);
                            }});
  }
  auto samples = Interleave(measurements, context_);
  if (!samples.ok()) return Annotate(samples.status(), each.name);
  std::vector<Samples> times(contenders_.size());
  for (size_t i = 0; i < measured.size(); ++i) times[measured[i]] = std::move((*samples)[i]);
  for (size_t i = 0; i < contenders_.size(); ++i) {
    const ContenderOrReason& contender = contenders_[i];
    if (contender.contender == nullptr) {
      report_.AddAbsent(each.name, contender.name, contender.reason);
      continue;
    }
    ReportRow row = {.name = each.name, .who = contender.name, .samples = std::move(times[i])};
    if (cpu[i].Max() > 0) row.counts = {{"CPU ms", cpu[i].Median() * kMilliseconds}};
    report_.Add(std::move(row));
  }
  return absl::OkStatus();
}

absl::Status Contest::Outcome() const {
  if (failures_.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("not all could be measured: ", absl::StrJoin(failures_, "; ")));
}

absl::StatusOr<double> Contest::MeasureUnlessOut(const Case& each, ContenderOrReason& contender,
                                                 Samples& cpu) {
  if (contender.contender == nullptr) return 0.0;
  auto elapsed = MeasureOnce(each, *contender.contender, cpu);
  if (elapsed.ok() || absl::IsCancelled(elapsed.status())) return elapsed;
  contender.reason = absl::StrCat("failed: ", elapsed.status().message());
  contender.contender = nullptr;
  failures_.push_back(
      absl::StrCat(contender.name, ", ", each.name, ": ", elapsed.status().message()));
  context_.progress(absl::StrCat(contender.name, " ", contender.reason, "; it is out"));
  return 0.0;
}

absl::StatusOr<double> Contest::MeasureOnce(const Case& each, Contender& contender, Samples& cpu) {
  const auto mounted = contender.Mount();
  if (!mounted.ok()) return mounted.status();
  const std::string& root = (*mounted)->root();
  if (each.warm) {
    const auto first = each.work(root);
    if (!first.ok()) return first.status();
  }
  const auto before = CpuTime((*mounted)->pids());
  if (!before.ok()) return before.status();
  const auto elapsed = each.work(root);
  if (!elapsed.ok()) return elapsed.status();
  const auto after = CpuTime((*mounted)->pids());
  if (!after.ok()) return after.status();
  cpu.Add(absl::ToDoubleSeconds(*after - *before));
  return absl::ToDoubleSeconds(*elapsed);
}

}  // namespace coppice
