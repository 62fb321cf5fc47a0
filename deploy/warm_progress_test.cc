#include "deploy/warm_progress.h"

#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/string_view.h"
#include "deploy/pipe.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

class WarmProgressTest : public testing::Test {
 protected:
  void Say(absl::string_view text) {
    ASSERT_EQ(write(pipe_.write_end.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  absl::StatusOr<WarmedBytesReader::News> Read() { return reader_.Read(pipe_.read_end.get()); }

  Pipe pipe_ = *OpenPipe();
  WarmedBytesReader reader_;
};

TEST_F(WarmProgressTest, WhatIsWrittenIsRead) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  ASSERT_TRUE(WriteWarmedBytes(pipe_.write_end.get(), 0).ok());
  EXPECT_EQ(Read()->bytes, 0u);
  ASSERT_TRUE(WriteWarmedBytes(pipe_.write_end.get(), kMost).ok());
  EXPECT_EQ(Read()->bytes, kMost);
}

TEST_F(WarmProgressTest, OfSeveralLinesTheLastCounts) {
  Say("1\n22\n333\n44");
  EXPECT_EQ(Read()->bytes, 333u);
  Say("55");
  EXPECT_EQ(Read()->bytes, std::nullopt);
  Say("\n");
  EXPECT_EQ(Read()->bytes, 4455u);
}

TEST_F(WarmProgressTest, TheEndIsSeen) {
  Say("7\n");
  pipe_.write_end.Reset();
  EXPECT_FALSE(Read()->closed);
  EXPECT_TRUE(Read()->closed);
}

TEST_F(WarmProgressTest, WhatIsNoNumberIsAnError) {
  Say("7 MB\n");
  EXPECT_EQ(Read().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(WarmProgressTest, ALineWithoutAnEndIsAnError) {
  Say(std::string(21, '1'));
  EXPECT_EQ(Read().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(WarmProgressTest, WithoutADescriptorNothingIsWritten) {
  EXPECT_TRUE(WriteWarmedBytes(-1, 5).ok());
  EXPECT_FALSE(WriteWarmedBytes(pipe_.read_end.get(), 5).ok());
}

}  // namespace
}  // namespace coppice
