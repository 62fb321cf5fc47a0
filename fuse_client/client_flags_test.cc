#include "fuse_client/client_flags.h"

#include <filesystem>
#include <vector>

#include "gtest/gtest.h"

namespace coppice {
namespace {

ParsedClientFlags Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "fuse_client");
  return ParseClientFlags(static_cast<int>(arguments.size()), arguments.data());
}

TEST(ClientFlagsTest, PeerAndMountPointAreEnough) {
  const ParsedClientFlags parsed = Parse({"--peer=unix:/run/peer", "/mnt/x"});
  ASSERT_TRUE(parsed.flags.has_value());
  EXPECT_EQ(parsed.flags->peer, "unix:/run/peer");
  EXPECT_EQ(parsed.flags->mount_point, "/mnt/x");
  EXPECT_EQ(parsed.flags->metadata_ttl, absl::InfiniteDuration());
  EXPECT_EQ(parsed.flags->negative_ttl, absl::Seconds(10));
  EXPECT_EQ(parsed.flags->threads, 4u);
  EXPECT_FALSE(parsed.flags->ready_fd.has_value());
}

TEST(ClientFlagsTest, EachFlagArrives) {
  const ParsedClientFlags parsed =
      Parse({"--peer=unix:s", "-o", "noatime,nodev", "--allow_other", "--rewrite_symlinks",
             "--read_write_mount", "--operation_timeout=5s", "--negative_ttl=1500ms",
             "--metadata_ttl=1h", "--threads=9", "--record=/tmp/t", "--log_level=debug",
             "--log_file=/tmp/l", "--ready_fd=3", "/mnt"});
  ASSERT_TRUE(parsed.flags.has_value());
  EXPECT_EQ(parsed.flags->mount_options, "noatime,nodev");
  EXPECT_TRUE(parsed.flags->allow_other);
  EXPECT_TRUE(parsed.flags->rewrite_symlinks);
  EXPECT_TRUE(parsed.flags->read_write_mount);
  EXPECT_EQ(parsed.flags->operation_timeout, absl::Seconds(5));
  EXPECT_EQ(parsed.flags->negative_ttl, absl::Milliseconds(1500));
  EXPECT_EQ(parsed.flags->metadata_ttl, absl::Hours(1));
  EXPECT_EQ(parsed.flags->threads, 9u);
  EXPECT_EQ(parsed.flags->record, "/tmp/t");
  EXPECT_EQ(parsed.flags->log.level, "debug");
  EXPECT_EQ(parsed.flags->log.file, "/tmp/l");
  EXPECT_EQ(parsed.flags->ready_fd, 3);
}

TEST(ClientFlagsTest, TheMountPointBecomesAbsolute) {
  const std::string here = std::filesystem::current_path();
  EXPECT_EQ(Parse({"--peer=unix:s", "a/./b/"}).flags->mount_point, here + "/a/b");
  EXPECT_EQ(Parse({"--peer=unix:s", "/a/../b//"}).flags->mount_point, "/b");
}

TEST(ClientFlagsTest, TheRecordBecomesAbsoluteAndMustNotLieInTheMount) {
  const std::string here = std::filesystem::current_path();
  EXPECT_EQ(Parse({"--peer=unix:s", "--record=a/../b", "/mnt"}).flags->record, here + "/b");
  EXPECT_EQ(Parse({"--peer=unix:s", "--record=/mnt/b", "/mnt"}).exit_code, 2);
  EXPECT_TRUE(Parse({"--peer=unix:s", "--record=/mnt2/b", "/mnt"}).flags.has_value());
}

TEST(ClientFlagsTest, HelpIsNoMistake) {
  const ParsedClientFlags parsed = Parse({"--help"});
  EXPECT_FALSE(parsed.flags.has_value());
  EXPECT_EQ(parsed.exit_code, 0);
}

TEST(ClientFlagsTest, MistakesExitWithTwo) {
  const std::vector<std::vector<const char*>> mistakes = {
      {},
      {"/mnt"},
      {"--peer=unix:s"},
      {"--peer=localhost:80", "/mnt"},
      {"--peer=unix:", "/mnt"},
      {"--peer=unix:s", "/mnt", "/another"},
      {"--peer=unix:s", "--no_such_flag", "/mnt"},
      {"--peer=unix:s", "--negative_ttl=soon", "/mnt"},
      {"--peer=unix:s", "--negative_ttl=inf", "/mnt"},
      {"--peer=unix:s", "--operation_timeout=0", "/mnt"},
      {"--peer=unix:s", "--threads=0", "/mnt"},
      {"--peer=unix:s", "-o", "nodev,rw", "/mnt"},
  };
  for (const auto& arguments : mistakes) {
    const ParsedClientFlags parsed = Parse(arguments);
    EXPECT_FALSE(parsed.flags.has_value());
    EXPECT_EQ(parsed.exit_code, 2);
  }
}

}  // namespace
}  // namespace coppice
