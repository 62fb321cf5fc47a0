// That a store is asked for something once, however many nodes want it: what the most nodes make it
// do, over what the fewest do, as a goal of a report. Pure functions, thread-safe.
#ifndef COPPICE_BENCH_ONCE_GOAL_H_
#define COPPICE_BENCH_ONCE_GOAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "bench/report.h"

namespace coppice {

// `many` and `few` are what reached the store in each round. The largest is put over the smallest,
// so that no round hides an excess in another. The goal is 1; infinity is more than nothing.
// REQUIRES: there was a round of each.
GoalRatio OnceGoal(std::string name, const std::vector<uint64_t>& many,
                   const std::vector<uint64_t>& few);

}  // namespace coppice

#endif  // COPPICE_BENCH_ONCE_GOAL_H_
