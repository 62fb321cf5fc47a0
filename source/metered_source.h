// MeteredSource: counts and times what passes. The only layer that does; no other has a stopwatch.
#ifndef COPPICE_SOURCE_METERED_SOURCE_H_
#define COPPICE_SOURCE_METERED_SOURCE_H_

#include <memory>
#include <string>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Statistics, under the given layer name, for each kind of request (get_attributes, read_directory,
// read_block, file_system): KIND_requests, KIND_errors, KIND_in_flight (a gauge) and KIND_us, the
// sum of the times to the answer in microseconds; and read_block_bytes.
class MeteredSource : public Source, public Measurable {};

// REQUIRES: `base` outlives the result.
std::unique_ptr<MeteredSource> MakeMeteredSource(Source& base, std::string layer);

}  // namespace coppice

#endif  // COPPICE_SOURCE_METERED_SOURCE_H_
