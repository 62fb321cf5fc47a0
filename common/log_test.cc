#include "common/log.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

std::string Contents(const std::string& path) {
  std::stringstream contents;
  contents << std::ifstream(path).rdbuf();
  return contents.str();
}

TEST(LogTest, WritesFromItsLevelUp) {
  const std::string file = ::testing::TempDir() + "/log_test.log";
  ASSERT_TRUE(StartLog("peer_server", {.level = "warning", .file = file}).ok());
  spdlog::info("below");
  spdlog::warn("at the level");
  spdlog::default_logger()->flush();
  const std::string lines = Contents(file);
  EXPECT_EQ(lines.find("below"), std::string::npos);
  EXPECT_NE(lines.find("at the level"), std::string::npos);
  EXPECT_NE(lines.find("peer_server"), std::string::npos);
}

TEST(LogTest, AnUnknownLevelIsNamed) {
  const absl::Status status = StartLog("peer_server", {.level = "loud"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("loud"), absl::string_view::npos);
}

TEST(LogTest, AnUnwritableFileIsNamed) {
  const absl::Status status = StartLog("peer_server", {.file = "/proc/no/such.log"});
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("/proc/no/such.log"), absl::string_view::npos);
}

}  // namespace
}  // namespace coppice
