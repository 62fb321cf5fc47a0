// What single flight adds to a request: alone (it leads a flight that nobody joins), and as one of
// many that wait for one answer.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "common/clock.h"
#include "source/single_flight_source.h"
#include "source/source.h"

namespace coppice {
namespace {

// Answers blocks at once, or, while held, on Release. Nothing else. One thread.
class HeldBlocks final : public Source {
 public:
  explicit HeldBlocks(bool hold) : hold_(hold) {}

  void ReadBlock(const BlockKey&, const RequestContext&, Done<BlockRef> done) override {
    if (hold_) {
      held_.push_back(std::move(done));
    } else {
      std::move(done)(block_);
    }
  }
  void GetAttributes(const Path&, const RequestContext&, Done<PathState> done) override {
    std::move(done)(Unanswered());
  }
  void ReadDirectory(const Path&, const DirectoryPage&, const RequestContext&,
                     Done<ListingRef> done) override {
    std::move(done)(Unanswered());
  }
  void FindExtent(const Path&, const Version&, uint64_t, ExtentKind, const RequestContext&,
                  Done<uint64_t> done) override {
    std::move(done)(Unanswered());
  }
  void GetFileSystemStatistics(const Path&, const RequestContext&,
                               Done<FileSystemStatistics> done) override {
    std::move(done)(Unanswered());
  }

  void Release() {
    for (Done<BlockRef>& done : std::exchange(held_, {})) std::move(done)(block_);
  }

 private:
  static absl::Status Unanswered() { return absl::UnimplementedError("blocks only"); }

  const bool hold_;
  const BlockRef block_ = std::make_shared<Block>(nullptr, 0, 0);
  std::vector<Done<BlockRef>> held_;
};

BlockKey SomeKey() {
  return {.path = *Path::Parse("lus/project/env/lib/libtorch_cpu.so"),
          .version = {.id = 1, .size = kBlockBytes}};
}

void Ask(Source& source, const BlockKey& key, size_t& answers) {
  source.ReadBlock(key, {},
                   [&answers](absl::StatusOr<BlockRef> block) { answers += block.ok() ? 1 : 0; });
}

void LeaderOnly(benchmark::State& state) {
  const RealClock clock;
  HeldBlocks below(/*hold=*/false);
  const auto single_flight = MakeSingleFlightSource(below, absl::Seconds(10), clock);
  const BlockKey key = SomeKey();
  size_t answers = 0;
  for (auto _ : state) Ask(*single_flight, key, answers);
  if (answers != static_cast<size_t>(state.iterations())) state.SkipWithError("lost an answer");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(LeaderOnly)->Name("single_flight/leader_only");

// One item is one waiter that joined: its way in and its answer.
void Joined(benchmark::State& state) {
  const RealClock clock;
  HeldBlocks below(/*hold=*/true);
  const auto single_flight = MakeSingleFlightSource(below, absl::Seconds(10), clock);
  const BlockKey key = SomeKey();
  const auto waiters = static_cast<size_t>(state.range(0));
  size_t answers = 0;
  for (auto _ : state) {
    for (size_t i = 0; i <= waiters; ++i) Ask(*single_flight, key, answers);
    below.Release();
  }
  if (answers != static_cast<size_t>(state.iterations()) * (waiters + 1)) {
    state.SkipWithError("lost an answer");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Joined)->Name("single_flight/joined")->Arg(1)->Arg(12)->Arg(256);

}  // namespace
}  // namespace coppice
