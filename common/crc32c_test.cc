#include "common/crc32c.h"

#include <numeric>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace coppice {
namespace {

// The vectors of RFC 3720, appendix B.4.
TEST(Crc32cTest, VectorsOfTheStandard) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string ascending(32, '\0');
  std::iota(ascending.begin(), ascending.end(), 0);
  EXPECT_EQ(Crc32c(ascending), 0x46dd794eu);
  EXPECT_EQ(Crc32c(std::string("123456789")), 0xe3069283u);
}

TEST(Crc32cTest, OfNothingIsZero) { EXPECT_EQ(Crc32c({}), 0u); }

TEST(Crc32cTest, ExtendsOverAnySplit) {
  const std::string bytes = "a read-only cooperative cache";
  for (size_t split = 0; split <= bytes.size(); ++split) {
    EXPECT_EQ(ExtendCrc32c(Crc32c(bytes.substr(0, split)), bytes.substr(split)), Crc32c(bytes));
  }
}

TEST(Crc32cTest, OneBitMatters) {
  std::string bytes(1 << 20, 'x');
  const uint32_t before = Crc32c(bytes);
  bytes[777'777] ^= 1;
  EXPECT_NE(Crc32c(bytes), before);
}

}  // namespace
}  // namespace coppice
