// Time as a dependency: ages and deadlines are computed from a Clock that is passed in, so that
// tests and the simulator turn it by hand.
#ifndef COPPICE_COMMON_CLOCK_H_
#define COPPICE_COMMON_CLOCK_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace coppice {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class RealClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

}  // namespace coppice

#endif  // COPPICE_COMMON_CLOCK_H_
