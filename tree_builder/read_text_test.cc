#include "tree_builder/read_text.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

std::string PathWith(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TEST(ReadTextTest, AFileIsReadWhole) {
  for (const size_t length : {0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 1'000'000}) {
    std::string text(length, 'x');
    if (length > 0) text.back() = '\0';
    const auto read = ReadTextFile(PathWith("whole", text));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, text) << length;
  }
}

TEST(ReadTextTest, AMissingFileKeepsItsErrnoAndName) {
  const auto read = ReadTextFile("/does/not/exist");
  EXPECT_EQ(StatusErrno(read.status()), ENOENT);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("open '/does/not/exist'"));
}

TEST(ReadTextTest, ADirectoryIsAnError) {
  EXPECT_EQ(StatusErrno(ReadTextFile(testing::TempDir()).status()), EISDIR);
}

TEST(ReadTextTest, LengthIsLimited) {
  const std::string path = PathWith("limit", "12345");
  EXPECT_TRUE(ReadTextFile(path, 5).ok());
  const auto read = ReadTextFile(path, 4);
  EXPECT_TRUE(absl::IsResourceExhausted(read.status()));
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("is longer than 4 bytes"));
}

TEST(ReadTextTest, APipeIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "n1\n", 3), 3);
  ASSERT_EQ(close(ends[1]), 0);
  FILE* const stream = fdopen(ends[0], "r");
  EXPECT_EQ(*ReadText(stream, "standard input"), "n1\n");
  fclose(stream);
}

}  // namespace
}  // namespace coppice
