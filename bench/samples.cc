#include "bench/samples.h"

#include <algorithm>
#include <cassert>

namespace coppice {

double Samples::Median() const {
  assert(!empty());
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

double Samples::Min() const {
  assert(!empty());
  return *std::min_element(values_.begin(), values_.end());
}

double Samples::Max() const {
  assert(!empty());
  return *std::max_element(values_.begin(), values_.end());
}

double Samples::Spread() const {
  const double median = Median();
  return median == 0 ? 0 : (Max() - Min()) / median;
}

double MedianRatio(const Samples& value, const Samples& divisor) {
  if (value.empty() || divisor.empty() || divisor.Median() == 0) return 0;
  return value.Median() / divisor.Median();
}

}  // namespace coppice
