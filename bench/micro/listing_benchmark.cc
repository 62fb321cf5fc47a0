// A name in the listing of its directory: what answers a lookup without a request.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/micro/directory_sample.h"
#include "benchmark/benchmark.h"
#include "source/listing.h"

namespace coppice {
namespace {

constexpr int64_t kPackageEntries = 1'000;
// Prime to both numbers of entries.
constexpr size_t kStride = 1021;

// Names made beforehand, looked up out of order.
void Find(benchmark::State& state, const std::string& prefix, bool expected) {
  const auto entries = static_cast<size_t>(state.range(0));
  const Listing listing = SampleListing(entries);
  std::vector<std::string> names;
  for (size_t i = 0; i < entries; ++i) names.push_back(absl::StrCat(prefix, SampleName(i)));
  size_t next = 0;
  for (auto _ : state) {
    next = (next + kStride) % entries;
    if ((listing.Find(names[next]) != nullptr) != expected) {
      state.SkipWithError("found what is not there, or lost what is");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void FindHit(benchmark::State& state) { Find(state, "", true); }
BENCHMARK(FindHit)->Name("listing/hit")->Arg(kPackageEntries)->Arg(kListingEntriesMax);

void FindAbsent(benchmark::State& state) { Find(state, "absent_", false); }
BENCHMARK(FindAbsent)->Name("listing/absent")->Arg(kPackageEntries)->Arg(kListingEntriesMax);

}  // namespace
}  // namespace coppice
