// Measures the constants of the cost model with plain TCP, over loopback or between two hosts.
//
// What is measured: an echo of 64 bytes, the further time for each of several echoes of 4 KiB that
// are asked for at once, and the rate of one long stream; the medians of what fits into a second.
// The work of peers is no part of that: their share of a hop and of a child, measured on peers in a
// chain, is added (the constants in the .cc). Plain bytes of no meaning, no encryption: for a
// network among friends, and only while the measurement runs.
//
// Blocks, for at most kCalibrationMax. Thread-safe.
#ifndef COPPICE_TREE_BUILDER_COST_CALIBRATION_H_
#define COPPICE_TREE_BUILDER_COST_CALIBRATION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tree_builder/tree_costs.h"

namespace coppice {

// No call here takes longer, whatever the other side does, but ServeCalibration while nobody comes.
inline constexpr absl::Duration kCalibrationMax = absl::Seconds(10);

// The errno of the call that failed; ETIMEDOUT when the other side did not answer in time.
absl::StatusOr<TreeCosts> CalibrateOverLoopback();
// `address` is "host:port" or "[IPv6]:port", where ServeCalibration runs.
absl::StatusOr<TreeCosts> CalibrateWith(const std::string& address);

// Serves one measurement, and returns when the other side is done with it.
absl::Status ServeCalibration(uint16_t port);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_COST_CALIBRATION_H_
