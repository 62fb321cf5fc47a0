// The values of one quantity, measured several times: what a benchmark says of them is the median,
// and how far they lie apart. All values are in one unit, which the owner knows. Thread-compatible.
#ifndef COPPICE_BENCH_SAMPLES_H_
#define COPPICE_BENCH_SAMPLES_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace coppice {

// Fewer say nothing about their spread.
inline constexpr size_t kRoundsDefault = 5;
inline constexpr size_t kRoundsMax = 1000;

class Samples {
 public:
  Samples() = default;
  explicit Samples(std::vector<double> values) : values_(std::move(values)) {}

  void Add(double value) { values_.push_back(value); }

  bool empty() const { return values_.empty(); }
  size_t count() const { return values_.size(); }
  // In the order in which they were added.
  const std::vector<double>& values() const { return values_; }

  // REQUIRES: !empty(). Of an even number, the median is the mean of the two in the middle.
  double Median() const;
  double Min() const;
  double Max() const;
  // (max - min) / median; 0 when the median is 0. No estimate of an error: two values far from each
  // other mean that the machine was not quiet.
  double Spread() const;

 private:
  std::vector<double> values_;
};

// The median of the one over that of the other; 0 when one of them is empty or the divisor is 0.
double MedianRatio(const Samples& value, const Samples& divisor);

}  // namespace coppice

#endif  // COPPICE_BENCH_SAMPLES_H_
