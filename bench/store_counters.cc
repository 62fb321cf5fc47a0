#include "bench/store_counters.h"

namespace coppice {
namespace {

// In the order of StoreOperation.
constexpr std::array<const char*, kStoreOperations> kNames = {"lookup", "getattr", "readlink",
                                                              "open", "readdir"};

}  // namespace

uint64_t StoreFigures::OperationCount() const {
  uint64_t sum = 0;
  for (const auto& [name, count] : operations) sum += count;
  return sum;
}

StoreFigures FiguresBetween(const StoreFigures& before, const StoreFigures& after) {
  StoreFigures between = after;
  for (const auto& [name, count] : before.operations) between.operations[name] -= count;
  between.reads -= before.reads;
  between.bytes -= before.bytes;
  return between;
}

StoreFigures StoreCounters::Figures() const {
  StoreFigures figures;
  for (size_t i = 0; i < kStoreOperations; ++i) figures.operations[kNames[i]] = operations_[i];
  figures.reads = reads_;
  figures.bytes = bytes_;
  return figures;
}

}  // namespace coppice
