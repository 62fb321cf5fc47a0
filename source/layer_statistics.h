// What a layer tells of itself.
#ifndef COPPICE_SOURCE_LAYER_STATISTICS_H_
#define COPPICE_SOURCE_LAYER_STATISTICS_H_

#include <cstdint>
#include <map>
#include <string>

namespace coppice {

struct LayerStatistics {
  std::string layer;  // "block_cache", "single_flight", ...
  // Counters only rise; gauges say what is now. docs/operations.md explains each name.
  std::map<std::string, uint64_t> counters;
};

// Thread-safe; the figures of one answer are each right, but not taken at one instant.
class Measurable {
 public:
  virtual ~Measurable() = default;
  virtual LayerStatistics Statistics() const = 0;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_LAYER_STATISTICS_H_
