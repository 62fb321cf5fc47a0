#include "source/remembered_keys.h"

#include <string>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(RememberedKeysTest, AKeyIsNewOnce) {
  RememberedKeys<std::string> keys(4, 4);
  EXPECT_FALSE(keys.Has("a"));
  EXPECT_TRUE(keys.IsNew("a"));
  EXPECT_TRUE(keys.Has("a"));
  EXPECT_FALSE(keys.IsNew("a"));
  EXPECT_TRUE(keys.IsNew("b"));
}

TEST(RememberedKeysTest, TheLeastRecentlyUsedIsForgottenAndNewAgain) {
  RememberedKeys<int> keys(2, 2);
  EXPECT_TRUE(keys.IsNew(1));
  EXPECT_TRUE(keys.IsNew(2));
  EXPECT_FALSE(keys.IsNew(1));
  EXPECT_TRUE(keys.IsNew(3));
  EXPECT_TRUE(keys.IsNew(2));
  EXPECT_FALSE(keys.IsNew(3));
}

}  // namespace
}  // namespace coppice
