// A listing as a package directory gives one: files named module_N.py. Pure functions.
#ifndef COPPICE_BENCH_MICRO_DIRECTORY_SAMPLE_H_
#define COPPICE_BENCH_MICRO_DIRECTORY_SAMPLE_H_

#include <cstddef>
#include <string>

#include "source/attributes.h"
#include "source/listing.h"

namespace coppice {

// All fields set as those of a real file are, so that nothing is cheap because it is 0.
Attributes SampleAttributes(size_t number);

std::string SampleName(size_t number);

// The names 0 to entries - 1, in order, with attributes, as a complete directory.
Listing SampleListing(size_t entries);

}  // namespace coppice

#endif  // COPPICE_BENCH_MICRO_DIRECTORY_SAMPLE_H_
