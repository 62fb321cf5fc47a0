#include "tidy/known_findings.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Finding kA1 = {"a", 1, "x"};
const Finding kA2 = {"a", 2, "x"};
const Finding kB1 = {"b", 1, "x"};

TEST(KnownFindingsTest, WhatIsKnownPasses) {
  EXPECT_THAT(BeyondKnown({kA1, kA2}, {{"a", 2}}), IsEmpty());
  EXPECT_THAT(BeyondKnown({kA1}, {{"a", 2}}), IsEmpty());
  EXPECT_THAT(BeyondKnown({}, {{"a", 2}}), IsEmpty());
}

TEST(KnownFindingsTest, AFileWithMoreKeepsThemAll) {
  EXPECT_THAT(BeyondKnown({kA1, kA2}, {{"a", 1}}), ElementsAre(kA1, kA2));
}

TEST(KnownFindingsTest, AnotherFileIsNotLetPass) {
  EXPECT_THAT(BeyondKnown({kA1, kB1}, {{"a", 1}}), ElementsAre(kB1));
  EXPECT_THAT(BeyondKnown({kB1}, {}), ElementsAre(kB1));
}

}  // namespace
}  // namespace coppice
