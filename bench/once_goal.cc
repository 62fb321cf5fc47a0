#include "bench/once_goal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace coppice {
namespace {

// What is tested is what is printed, which has two decimals (report.cc): a ratio that reads 1.00
// has met the goal, and one that reads 1.01 has not.
constexpr double kPrintedSteps = 100;

double Ratio(uint64_t value, uint64_t divisor) {
  if (divisor == 0) return value == 0 ? 1 : std::numeric_limits<double>::infinity();
  return static_cast<double>(value) / static_cast<double>(divisor);
}

}  // namespace

GoalRatio OnceGoal(std::string name, const std::vector<uint64_t>& many,
                   const std::vector<uint64_t>& few) {
  const double ratio =
      Ratio(*std::max_element(many.begin(), many.end()), *std::min_element(few.begin(), few.end()));
  return {.name = std::move(name),
          .value = std::round(ratio * kPrintedSteps) / kPrintedSteps,
          .goal = 1};
}

}  // namespace coppice
