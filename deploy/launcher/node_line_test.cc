#include "deploy/launcher/node_line.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(NodeLineTest, WhatIsSaidIsFoundBehindWhateverTheToolPutsBefore) {
  for (const NodeLine& line : {NodeLine{"node001", NodeState::kStarted, ""},
                               NodeLine{"n1.cluster", NodeState::kStopped, ""},
                               NodeLine{"node001", NodeState::kError, "port 7117: taken"}}) {
    for (const char* before : {"", "node001: ", "[3] ", "3: ", "[1,0]<stdout>:", "coppice: x "}) {
      const auto found = FindNodeLine(before + NodeLineText(line) + "\r");
      ASSERT_TRUE(found.has_value()) << before;
      EXPECT_EQ(*found, line);
    }
  }
}

TEST(NodeLineTest, AReasonOfSeveralLinesIsOne) {
  EXPECT_EQ(NodeLineText({"n", NodeState::kError, "it ended:\n    a\n\n    b\n"}),
            "coppice: n: error: it ended: | a | b");
}

TEST(NodeLineTest, OtherLinesAreNone) {
  for (const char* text : {"", "coppice: ", "coppice: n: restarted", "coppice: two words: started",
                           "ssh: connect to host n port 22: Connection refused"}) {
    EXPECT_FALSE(FindNodeLine(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace coppice
