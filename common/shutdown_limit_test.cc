#include "common/shutdown_limit.h"

#include <unistd.h>

#include <cstdio>
#include <optional>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(ShutdownLimitTest, AnEndThatNeverComesIsEndedAfterTheLastAct) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        const ShutdownLimit limit(absl::Milliseconds(1), [] { fputs("the last act", stderr); });
        while (true) pause();
      },
      testing::ExitedWithCode(0), "the last act");
}

TEST(ShutdownLimitTest, AnEndInTimeIsLeftAlone) {
  bool acted = false;
  std::optional<ShutdownLimit> limit;
  limit.emplace(absl::Hours(1), [&] { acted = true; });
  limit.reset();
  EXPECT_FALSE(acted);
}

}  // namespace
}  // namespace coppice
