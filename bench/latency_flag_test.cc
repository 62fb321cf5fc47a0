#include "bench/latency_flag.h"

#include <string>

#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr absl::Duration kDefault = absl::Milliseconds(3);

// What is wrong; empty: nothing.
std::string Parse(const std::string& flag, absl::Duration& latency) {
  latency = kDefault;
  CLI::App app;
  AddLatencyFlag(app, latency);
  try {
    app.parse(flag);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

TEST(LatencyFlagTest, WithoutTheFlagTheLatencyIsWhatItWas) {
  absl::Duration latency;
  EXPECT_EQ(Parse("", latency), "");
  EXPECT_EQ(latency, kDefault);
}

TEST(LatencyFlagTest, ADurationIsTaken) {
  absl::Duration latency;
  EXPECT_EQ(Parse("--latency=1.5ms", latency), "");
  EXPECT_EQ(latency, absl::Microseconds(1500));
  EXPECT_EQ(Parse("--latency=0", latency), "");
  EXPECT_EQ(latency, absl::ZeroDuration());
  EXPECT_EQ(Parse("--latency=1m", latency), "");
  EXPECT_EQ(latency, kStoreLatencyMax);
}

TEST(LatencyFlagTest, WhatIsNoLatencyIsNamedAndRefused) {
  for (const std::string text : {"abc", "5", "-1ms", "61s", "inf"}) {
    absl::Duration latency;
    const std::string problem = Parse("--latency=" + text, latency);
    EXPECT_NE(problem.find("'" + text + "' is no latency"), std::string::npos) << problem;
    EXPECT_EQ(latency, kDefault);
  }
}

}  // namespace
}  // namespace coppice
