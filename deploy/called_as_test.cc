#include "deploy/called_as.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(CalledAsTest, InstalledPeopleAreToldTheVerbOfTheCommand) {
  EXPECT_EQ(AsInstalled("end it with 'bazel run //deploy:stop', or wait"),
            "end it with 'coppice stop', or wait");
  EXPECT_EQ(AsInstalled("  bazel run //deploy:launch -- --local=3\n  bazel run //deploy:stop"),
            "  coppice launch --local=3\n  coppice stop");
}

TEST(CalledAsTest, TheCommandItselfIsNotNamedTwice) {
  EXPECT_EQ(AsInstalled("'bazel run //deploy:coppice -- invalidate /x' shows it"),
            "'coppice invalidate /x' shows it");
}

TEST(CalledAsTest, OtherTextStaysAsItIs) {
  EXPECT_EQ(AsInstalled("bazel test //deploy:all"), "bazel test //deploy:all");
  EXPECT_EQ(AsInstalled(""), "");
}

TEST(CalledAsTest, AProgramThatIsNotCoppiceSpeaksOfTheCheckout) {
  EXPECT_EQ(AsCalled("bazel run //deploy:stop"), "bazel run //deploy:stop");
}

}  // namespace
}  // namespace coppice
