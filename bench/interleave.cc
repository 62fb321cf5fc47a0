#include "bench/interleave.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {

absl::StatusOr<std::vector<Samples>> Interleave(const std::vector<NamedMeasurement>& measurements,
                                                const BenchContext& context) {
  std::vector<Samples> samples(measurements.size());
  for (size_t round = 0; round < context.rounds; ++round) {
    context.progress(absl::StrCat("round ", round + 1, " of ", context.rounds));
    for (size_t i = 0; i < measurements.size(); ++i) {
      const size_t index = (round + i) % measurements.size();
      if (absl::Status status = CheckNotInterrupted(context); !status.ok()) return status;
      const absl::StatusOr<double> value = measurements[index].measure();
      if (!value.ok()) return Annotate(value.status(), measurements[index].name);
      samples[index].Add(*value);
    }
  }
  return samples;
}

}  // namespace coppice
