// SingleFlightSource: concurrent requests for the same thing become one (flight_table.h).
//
// It belongs above the caches: a request then meets the flight or the cached answer, never a gap
// between the two in which it would be sent again.
#ifndef COPPICE_SOURCE_SINGLE_FLIGHT_SOURCE_H_
#define COPPICE_SOURCE_SINGLE_FLIGHT_SOURCE_H_

#include <memory>

#include "absl/time/time.h"
#include "common/clock.h"
#include "source/invalidation.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Metadata requests for one path follow each other whatever age they accept, as long as the answer
// turns out young enough; blocks when their keys are equal. After Invalidate, no request joins a
// flight for metadata that the invalidation covers.
//
// Statistics, layer "single_flight": led, followed, repeated, refused, in_flight (a gauge).
class SingleFlightSource : public Source, public Measurable, public Invalidatable {};

// `negative_ttl` is the age that the caches below let a listing have for who does not say
// otherwise. REQUIRES: `base` and `clock` outlive the result.
std::unique_ptr<SingleFlightSource> MakeSingleFlightSource(Source& base,
                                                           absl::Duration negative_ttl,
                                                           const Clock& clock);

}  // namespace coppice

#endif  // COPPICE_SOURCE_SINGLE_FLIGHT_SOURCE_H_
