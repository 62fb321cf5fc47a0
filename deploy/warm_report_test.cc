#include "deploy/warm_report.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(WarmReportTest, WhatWasMovedIsOneLine) {
  EXPECT_EQ(
      MovedText({.names = 1970,
                 .missing_names = 429,
                 .listings = 93,
                 .targets = 2,
                 .files = 945,
                 .bytes = uint64_t{179} << 20,
                 .duration = absl::Milliseconds(845)}),
      "1,970 names, 429 missing names, 93 listings, 2 link targets and 179.0 MiB of 945 files "
      "in 0.845 s");
}

TEST(WarmReportTest, ATraceThatFitsLeavesNothingToSay) { EXPECT_EQ(MisfitText({}, {}), ""); }

TEST(WarmReportTest, WhatDoesNotFitIsCountedAndTheFirstAreNamed) {
  Trace trace;
  trace.touches.resize(2000);
  ReplayReport report = {.misfits = 2, .examples = {"'a' is missing", "'b' exists now"}};
  EXPECT_EQ(MisfitText(trace, report),
            "2 of 2,000 touches no longer fit the tree: 'a' is missing, 'b' exists now; a new "
            "recording would");
  report.misfits = 1200;
  EXPECT_EQ(MisfitText(trace, report),
            "1,200 of 2,000 touches no longer fit the tree: 'a' is missing, 'b' exists now, ...; a "
            "new recording would");
}

TEST(WarmReportTest, ATraceThatWasCutSaysSo) {
  EXPECT_EQ(MisfitText({.complete = false}, {}),
            "the recording reached its limit: the end of the run is not in it");
  EXPECT_EQ(MisfitText({.complete = false}, {.misfits = 1, .examples = {"'a' is missing"}}),
            "1 of 0 touches no longer fit the tree: 'a' is missing; a new recording would\n"
            "the recording reached its limit: the end of the run is not in it");
}

TEST(WarmReportTest, ProgressCountsTouchesAndBytes) {
  EXPECT_EQ(ProgressText({.done = 1500, .touches = 3000, .bytes = 2048}),
            "1,500 of 3,000 touches, 2.0 KiB");
}

}  // namespace
}  // namespace coppice
