// Runs every microbenchmark once, shortly: each must work, and none may be lost.
#include <string>

#include "deploy/testing/program_run.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

TEST(MicroTest, EveryBenchmarkRuns) {
  const ProgramRun run =
      RunProgram("bench/micro/micro", {"--benchmark_min_time=0.0001", "--benchmark_format=json"});
  ASSERT_TRUE(run.end.success()) << run.standard_error;
  const auto json = nlohmann::json::parse(run.standard_output, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(json.is_object()) << run.standard_output;
  std::string names;
  for (const auto& benchmark : json.at("benchmarks")) {
    const std::string name = benchmark.at("name");
    EXPECT_FALSE(benchmark.contains("error_occurred")) << name;
    names += name + "\n";
  }
  for (const char* name :
       {"lru_cache/hit_block/real_time/threads:1", "lru_cache/hit_block/real_time/threads:8",
        "lru_cache/hit_attributes/real_time/threads:8", "single_flight/leader_only",
        "single_flight/joined/12", "listing/hit/1000", "listing/hit/16384", "listing/absent/1000",
        "listing/absent/16384", "codec/encode_attributes", "codec/decode_attributes",
        "codec/encode_listing/1000", "codec/decode_listing/1000", "block_codec/encode_1MiB",
        "block_codec/decode_1MiB", "crc32c/4096", "crc32c/1048576"}) {
    EXPECT_NE(names.find(name), std::string::npos) << name << " is not among\n" << names;
  }
}

}  // namespace
}  // namespace coppice
