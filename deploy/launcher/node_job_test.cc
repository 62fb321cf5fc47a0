#include "deploy/launcher/node_job.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

NodeJob SampleJob() {
  return {.service = "pbs-12",
          .tree_file = "/home/ada/my trees/tree",
          .node_root = "/tmp/coppice-7",
          .mount = "/tmp/ada/coppice",
          .peer_server = "/opt/peer_server",
          .fuse_client = "/opt/fuse_client",
          .peer_flags = {"--export_root=/"},
          .client_flags = {"--allow_other", "a'b%h{}"},
          .cpus = "48-51",
          .recording = "/home/ada/import.trace",
          .warm = "/opt/warm",
          .timeout = absl::Milliseconds(1500),
          .stay = true};
}

TEST(NodeJobTest, WhatIsWrittenIsReadBack) {
  const auto parsed = ParseNodeJob(NodeJobText(SampleJob()));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, SampleJob());
}

TEST(NodeJobTest, NothingInTheTextMeansAnythingToAShell) {
  const std::string text = NodeJobText(SampleJob());
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char character) {
    return absl::ascii_isalnum(character) || character == '-' || character == '_';
  })) << text;
}

TEST(NodeJobTest, OtherTextIsRefused) {
  for (const char* text : {"", "$$$", "e30", "bm8"}) {
    EXPECT_EQ(ParseNodeJob(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace coppice
