#include "source/extent_allocator.h"

#include <iterator>

namespace coppice {
namespace {

uint64_t RoundUp(uint64_t size) { return (size + kExtentGrain - 1) / kExtentGrain * kExtentGrain; }

}  // namespace

ExtentAllocator::ExtentAllocator(uint64_t size) {
  const uint64_t usable = size / kExtentGrain * kExtentGrain;
  if (usable > 0) AddFree(0, usable);
}

std::optional<uint64_t> ExtentAllocator::Allocate(uint64_t size) {
  const uint64_t needed = RoundUp(size);
  const auto fit = by_size_.lower_bound({needed, 0});
  if (fit == by_size_.end()) return std::nullopt;
  const auto [found, start] = *fit;
  RemoveFree(by_start_.find(start));
  if (found > needed) AddFree(start + needed, found - needed);
  return start;
}

void ExtentAllocator::Free(uint64_t start, uint64_t size) {
  uint64_t begin = start;
  uint64_t end = start + RoundUp(size);
  auto next = by_start_.lower_bound(start);
  if (next != by_start_.end() && next->first == end) {
    end += next->second;
    const auto joined = next++;
    RemoveFree(joined);
  }
  if (next != by_start_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == begin) {
      begin = previous->first;
      RemoveFree(previous);
    }
  }
  AddFree(begin, end - begin);
}

void ExtentAllocator::AddFree(uint64_t start, uint64_t size) {
  by_start_.emplace(start, size);
  by_size_.emplace(size, start);
  free_bytes_ += size;
}

void ExtentAllocator::RemoveFree(std::map<uint64_t, uint64_t>::iterator extent) {
  free_bytes_ -= extent->second;
  by_size_.erase({extent->second, extent->first});
  by_start_.erase(extent);
}

}  // namespace coppice
