#include "deploy/table.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(TableTest, NamesAreAlignedLeftAndNumbersRight) {
  Table table({"node", "cold"});
  table.AddRow({"node0", "1"});
  table.AddRow({"n", "12345"});
  EXPECT_EQ(table.Text(),
            "node    cold\n"
            "-----  -----\n"
            "node0      1\n"
            "n      12345\n");
}

TEST(TableTest, ATableOfTextIsAlignedLeftWithoutSpacesAtTheEndsOfLines) {
  Table table({"node", "mount"}, /*align_left=*/true);
  table.AddRow({"node0", "/a"});
  table.AddRow({"node1", "/a/longer"});
  EXPECT_EQ(table.Text(),
            "node   mount\n"
            "-----  ---------\n"
            "node0  /a\n"
            "node1  /a/longer\n");
}

TEST(TableTest, ACharacterOfSeveralBytesIsOneColumnWide) {
  Table table({"a", "b"});
  table.AddRow({"é", "1"});
  table.AddRow({"x", "2"});
  EXPECT_EQ(table.Text(), "a  b\n-  -\né  1\nx  2\n");
}

TEST(TableTest, AnEmptyCellLeavesItsColumnInPlace) {
  Table table({"a", "b", "c"});
  table.AddRow({"1", "", "3"});
  EXPECT_EQ(table.Text(), "a  b  c\n-  -  -\n1     3\n");
}

TEST(FormatTest, BytesHaveTheLargestUnitThatKeepsThemAboveOne) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(FormatBytes(18140365), "17.3 MiB");
  EXPECT_EQ(FormatBytes(uint64_t{5} << 40), "5.0 TiB");
}

TEST(FormatTest, CountsHaveACommaForEachThousand) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1234567), "1,234,567");
}

TEST(FormatTest, SecondsHaveThreeDigits) {
  EXPECT_EQ(FormatSeconds(absl::Milliseconds(145)), "0.145 s");
}

TEST(FormatTest, ARatioToNothingIsADash) {
  EXPECT_EQ(FormatRatio(5, 4), "1.25 x");
  EXPECT_EQ(FormatRatio(5, 0), "-");
}

}  // namespace
}  // namespace coppice
