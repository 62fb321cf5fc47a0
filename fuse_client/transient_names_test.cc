#include "fuse_client/transient_names.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Path P(const std::string& text) { return Path::Parse(text).value(); }

const Invalidation kAll = {.path = Path(), .recursive = true};

TEST(TransientNamesTest, AnOrderFindsTheNamesOfTheDirectoriesItCovers) {
  TransientNames names(absl::Seconds(10));
  const absl::Time now = absl::FromUnixSeconds(100);
  EXPECT_TRUE(names.Add(now, 2, P("a"), "x"));
  EXPECT_TRUE(names.Add(now, 3, P("a/b"), "y"));
  EXPECT_TRUE(names.Add(now, 4, P("c"), "z"));
  EXPECT_THAT(names.NamesCovered({.path = P("a"), .recursive = true}),
              ElementsAre(Pair(2, "x"), Pair(3, "y")));
  EXPECT_THAT(names.NamesCovered({.path = P("c/z")}), ElementsAre(Pair(4, "z")));
}

TEST(TransientNamesTest, ANameIsForgottenWhenItsTimeIsOver) {
  TransientNames names(absl::Seconds(10), /*names_max=*/1);
  const absl::Time now = absl::FromUnixSeconds(100);
  EXPECT_TRUE(names.Add(now, 2, P("a"), "x"));
  EXPECT_FALSE(names.Add(now + absl::Seconds(9), 2, P("a"), "y"));
  EXPECT_TRUE(names.Add(now + absl::Seconds(10), 2, P("a"), "z"));
  EXPECT_THAT(names.NamesCovered(kAll), ElementsAre(Pair(2, "z")));
}

}  // namespace
}  // namespace coppice
