// Paging through what a cache holds, for people who look inside (proto/inspection.proto).
#ifndef COPPICE_SOURCE_CACHE_INSPECTION_H_
#define COPPICE_SOURCE_CACHE_INSPECTION_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace coppice {

// One thing that a cache holds. What a kind has no use for stays 0.
struct CachedItem {
  enum class Kind { kAttributes = 1, kMissing = 2, kListing = 3, kBlocks = 4 };

  std::string path;
  Kind kind = Kind::kAttributes;
  uint64_t version_id = 0;
  uint64_t file_size = 0;     // bytes
  uint64_t blocks_held = 0;   // kBlocks
  uint64_t blocks_total = 0;  // kBlocks
  uint64_t entries = 0;       // kListing
  uint64_t bytes = 0;         // memory charged
  absl::Time since;           // metadata: confirmed at; kBlocks: first cached at
  uint64_t hits = 0;

  // Items are paged through in this order; no two items of a cache are equal in it.
  std::strong_ordering Order(const CachedItem& other) const {
    if (const auto order = path <=> other.path; order != 0) return order;
    if (const auto order = kind <=> other.kind; order != 0) return order;
    return version_id <=> other.version_id;
  }
};

class Inspectable {
 public:
  virtual ~Inspectable() = default;
  // All items whose path starts with `prefix`, in no order. A snapshot: it costs a walk through the
  // whole cache, one shard locked at a time. Thread-safe.
  virtual std::vector<CachedItem> Items(const std::string& prefix) const = 0;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_CACHE_INSPECTION_H_
