#include "deploy/launch_options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

ParsedLaunch Parse(const std::vector<std::string>& arguments) {
  return ParseLaunchOptions(arguments, {.working_directory = "/home/ada/job", .user = "ada"});
}

TEST(LaunchOptionsTest, OneNodeAtTheUsersOwnPlaceIsTheDefault) {
  const ParsedLaunch parsed = Parse({});
  ASSERT_TRUE(parsed.options.has_value());
  EXPECT_EQ(parsed.options->nodes, 0u);
  EXPECT_FALSE(parsed.options->fanout.has_value());
  EXPECT_EQ(parsed.options->mount, "/tmp/ada/coppice");
  EXPECT_EQ(parsed.options->export_root, "/");
}

TEST(LaunchOptionsTest, RelativePathsAreRelativeToWhereTheUserIs) {
  const ParsedLaunch parsed = Parse({"--mount=here/", "--export_root=../data"});
  ASSERT_TRUE(parsed.options.has_value());
  EXPECT_EQ(parsed.options->mount, "/home/ada/job/here");
  EXPECT_EQ(parsed.options->export_root, "/home/ada/data");
}

TEST(LaunchOptionsTest, HostsAreGivenInOneWay) {
  const ParsedLaunch parsed = Parse({"-w", "node[1-3]", "--launcher=ssh", "--trees=2", "--fanout=3",
                                     "--port=8000", "--min-nodes=2"});
  ASSERT_TRUE(parsed.options.has_value());
  EXPECT_EQ(parsed.options->hosts, "node[1-3]");
  EXPECT_EQ(parsed.options->launcher, "ssh");
  EXPECT_EQ(parsed.options->trees, 2u);
  EXPECT_EQ(parsed.options->fanout, 3u);
  EXPECT_EQ(parsed.options->port, 8000);
  EXPECT_EQ(parsed.options->nodes_min, 2u);
  EXPECT_EQ(Parse({"--hostfile=nodes"}).options->host_file, "/home/ada/job/nodes");
  EXPECT_EQ(Parse({"--topology=switches"}).options->topology, "/home/ada/job/switches");
  testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({"--hosts=a", "--hostfile=b"}).exit_code, 2);
  EXPECT_EQ(Parse({"--hosts=a", "--local=2"}).exit_code, 2);
  EXPECT_EQ(Parse({"--topology=a", "--local=2"}).exit_code, 2);
  testing::internal::GetCapturedStderr();
}

TEST(LaunchOptionsTest, TheTimeoutIsADuration) {
  EXPECT_EQ(Parse({"--timeout=2m"}).options->timeout, absl::Minutes(2));
}

TEST(LaunchOptionsTest, CpusAreNumbersAndRanges) {
  EXPECT_EQ(Parse({"--cpus=48-51,100"}).options->cpus, "48-51,100");
  EXPECT_EQ(Parse({"--cpus=fast"}).exit_code, 2);
}

TEST(LaunchOptionsTest, RecordingsLieWhereTheUserIs) {
  const ParsedLaunch parsed = Parse({"--record=a.trace", "--warm=/b/../b.trace"});
  EXPECT_EQ(parsed.options->record, "/home/ada/job/a.trace");
  EXPECT_EQ(parsed.options->warm, "/b.trace");
  EXPECT_THAT(ClientFlags(*parsed.options), testing::Contains("--record=/home/ada/job/a.trace"));
  EXPECT_THAT(ClientFlags(*Parse({}).options),
              testing::Not(testing::Contains(testing::HasSubstr("--record"))));
}

TEST(LaunchOptionsTest, ARecordingIsOfOneNode) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({"--local=2", "--record=a"}).exit_code, 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("--record"));
}

TEST(LaunchOptionsTest, HelpIsNoMistake) {
  testing::internal::CaptureStdout();
  const ParsedLaunch parsed = Parse({"--help"});
  EXPECT_THAT(testing::internal::GetCapturedStdout(), testing::HasSubstr("--local=3"));
  EXPECT_FALSE(parsed.options.has_value());
  EXPECT_EQ(parsed.exit_code, 0);
}

TEST(LaunchOptionsTest, MistakesEndWithTheExitCodeForUsage) {
  for (const char* argument :
       {"--local=0", "--local=257", "--local=three", "--fanout=0", "--unknown", "--timeout=soon",
        "--timeout=-1s", "--name=a/b", "stray", "--launcher=rsh", "--fanout=many", "--trees=0",
        "--port=0", "--min-nodes=0", "--addresses=nowhere"}) {
    testing::internal::CaptureStderr();
    const ParsedLaunch parsed = Parse({argument});
    EXPECT_NE(testing::internal::GetCapturedStderr(), "");
    EXPECT_FALSE(parsed.options.has_value()) << argument;
    EXPECT_EQ(parsed.exit_code, 2) << argument;
  }
}

TEST(LaunchOptionsTest, TheProgramsAreGivenWhatConcernsThem) {
  const ParsedLaunch parsed = Parse({"--cache_bytes=1GiB", "--negative_ttl=5s",
                                     "--rewrite_symlinks", "--allow_other", "--log_level=debug"});
  ASSERT_TRUE(parsed.options.has_value());
  EXPECT_THAT(PeerFlags(*parsed.options), ElementsAre("--export_root=/", "--log_level=debug",
                                                      "--cache_bytes=1GiB", "--negative_ttl=5s"));
  EXPECT_THAT(ClientFlags(*parsed.options), IsSupersetOf({"--log_level=debug", "--negative_ttl=5s",
                                                          "--rewrite_symlinks", "--allow_other"}));
}

}  // namespace
}  // namespace coppice
