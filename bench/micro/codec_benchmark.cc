// Metadata to the bytes of a message and back. Serialising is part of it: what is measured is what
// one end of a hop pays.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "bench/micro/directory_sample.h"
#include "benchmark/benchmark.h"
#include "proto/peer.pb.h"
#include "rpc/codec.h"

namespace coppice {
namespace {

constexpr int64_t kPackageEntries = 1'000;

absl::Time SomeTime() { return absl::FromUnixSeconds(1'800'000'000); }

void EncodeState(benchmark::State& state) {
  const PathState known{.attributes = SampleAttributes(1), .confirmed_at = SomeTime()};
  std::string bytes;
  for (auto _ : state) {
    v1::GetAttrReply message;
    EncodePathState(known, SomeTime(), &message);
    message.SerializeToString(&bytes);
    benchmark::DoNotOptimize(bytes);
  }
  state.counters["message_bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(EncodeState)->Name("codec/encode_attributes");

void DecodeState(benchmark::State& state) {
  v1::GetAttrReply sent;
  EncodePathState({.attributes = SampleAttributes(1), .confirmed_at = SomeTime()}, SomeTime(),
                  &sent);
  const std::string bytes = sent.SerializeAsString();
  for (auto _ : state) {
    v1::GetAttrReply message;
    message.ParseFromString(bytes);
    const auto known = DecodePathState(message, SomeTime());
    if (!known.ok()) {
      state.SkipWithError("does not decode");
      break;
    }
    benchmark::DoNotOptimize(known);
  }
}
BENCHMARK(DecodeState)->Name("codec/decode_attributes");

void EncodeDirectory(benchmark::State& state) {
  const Listing listing = SampleListing(static_cast<size_t>(state.range(0)));
  std::string bytes;
  for (auto _ : state) {
    v1::ReadDirPlusReply message;
    EncodeListing(listing, SomeTime(), &message);
    message.SerializeToString(&bytes);
    benchmark::DoNotOptimize(bytes);
  }
  state.counters["message_bytes"] = static_cast<double>(bytes.size());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(EncodeDirectory)->Name("codec/encode_listing")->Arg(kPackageEntries);

void DecodeDirectory(benchmark::State& state) {
  v1::ReadDirPlusReply sent;
  EncodeListing(SampleListing(static_cast<size_t>(state.range(0))), SomeTime(), &sent);
  const std::string bytes = sent.SerializeAsString();
  for (auto _ : state) {
    v1::ReadDirPlusReply message;
    message.ParseFromString(bytes);
    const auto listing = DecodeListing(message, {}, SomeTime());
    if (!listing.ok()) {
      state.SkipWithError("does not decode");
      break;
    }
    benchmark::DoNotOptimize(listing);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(DecodeDirectory)->Name("codec/decode_listing")->Arg(kPackageEntries);

}  // namespace
}  // namespace coppice
