// SingleFlightSource: concurrent requests for the same thing become one (flight_table.h).
//
// It belongs above the caches: a request then meets the flight or the cached answer, never a gap
// between the two in which it would be sent again.
#ifndef COPPICE_SOURCE_SINGLE_FLIGHT_SOURCE_H_
#define COPPICE_SOURCE_SINGLE_FLIGHT_SOURCE_H_

#include <memory>

#include "source/invalidation.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Metadata requests are the same when they accept the same age; blocks when their keys are equal.
// After Invalidate, no request joins a flight for metadata that the invalidation covers.
//
// Statistics, layer "single_flight": led, followed, repeated, refused, in_flight (a gauge).
class SingleFlightSource : public Source, public Measurable, public Invalidatable {};

// REQUIRES: `base` outlives the result.
std::unique_ptr<SingleFlightSource> MakeSingleFlightSource(Source& base);

}  // namespace coppice

#endif  // COPPICE_SOURCE_SINGLE_FLIGHT_SOURCE_H_
