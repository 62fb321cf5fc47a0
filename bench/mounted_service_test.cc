#include "bench/mounted_service.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "bench/scratch_directory.h"
#include "deploy/program_files.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

std::string ReadFile(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class MountedServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto tree = ScratchDirectory::Make();
    ASSERT_TRUE(tree.ok()) << tree.status();
    tree_.emplace(*std::move(tree));
    // Not at the top, which the launch itself has looked at.
    ASSERT_TRUE(tree_->MakeDirectory("directory").ok());
    std::ofstream(tree_->File("directory/file")) << "content";
  }

  const BenchContext context_ = {.rounds = 1, .progress = [](absl::string_view) {}};
  std::optional<ScratchDirectory> tree_;
};

TEST_F(MountedServiceTest, AChainServesAtItsLastNodeAndSaysWhatItCost) {
  auto service = MountedService::Start({.nodes = 2, .export_root = tree_->path()}, context_);
  ASSERT_TRUE(service.ok()) << service.status();
  ASSERT_EQ((*service)->nodes().size(), 2u);
  const auto before = (*service)->ReadCosts();
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(ReadFile((*service)->last().mount_point + "/directory/file"), "content");
  const auto after = (*service)->ReadCosts();
  ASSERT_TRUE(after.ok()) << after.status();

  const NodeCosts root = CostsBetween((*before)[0], (*after)[0]);
  const NodeCosts last = CostsBetween((*before)[1], (*after)[1]);
  EXPECT_EQ(CounterOf(last.fuse, "read_bytes"), 7u);
  EXPECT_GE(CounterOf(last.fuse, "LOOKUP"), 1u);
  EXPECT_GE(CallsIn(last.parent), 1u);
  EXPECT_EQ(CallsIn(root.service), CallsIn(last.parent));
  EXPECT_EQ(CounterOf(root.backing, "bytes"), 7u);
  EXPECT_EQ(CounterOf(root.fuse, "READ"), 0u);
  EXPECT_GT(last.peer.cpu, absl::ZeroDuration());
  EXPECT_GT(last.client.resident_bytes, 0u);
}

TEST_F(MountedServiceTest, AnotherMountOfThePeerIsColdWhereThePeerIsWarm) {
  auto service = MountedService::Start({.export_root = tree_->path()}, context_);
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_EQ(ReadFile((*service)->last().mount_point + "/directory/file"), "content");
  const auto before = (*service)->ReadCosts();
  ASSERT_TRUE(before.ok()) << before.status();

  NodeHandle handle;
  auto again = (*service)->MountAgain(0, handle);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ReadFile((*again)->mount_point() + "/directory/file"), "content");
  const auto costs = ReadNodeCosts(handle, WaitLimits());
  ASSERT_TRUE(costs.ok()) << costs.status();
  EXPECT_EQ(CounterOf(costs->fuse, "read_bytes"), 7u);
  EXPECT_EQ(CounterOf(costs->backing, "bytes"), CounterOf(before->front().backing, "bytes"));

  const std::string mount_point = (*again)->mount_point();
  EXPECT_TRUE((*again)->Stop().ok());
  EXPECT_FALSE(std::filesystem::exists(mount_point));
}

TEST_F(MountedServiceTest, NothingIsLeftOfIt) {
  auto service = MountedService::Start({.export_root = tree_->path()}, context_);
  ASSERT_TRUE(service.ok()) << service.status();
  const NodeHandle node = (*service)->last();
  const std::string state = (*service)->state_path();
  service->reset();
  EXPECT_FALSE(std::filesystem::exists(node.mount_point));
  EXPECT_FALSE(std::filesystem::exists(state));
  EXPECT_NE(kill(node.peer_pid, 0), 0);
  EXPECT_NE(kill(node.client_pid, 0), 0);
}

TEST_F(MountedServiceTest, AServiceThatCannotStartSaysWhyAndLeavesNothing) {
  const auto service = MountedService::Start({.peer_flags = {"--no_such_flag"}}, context_);
  ASSERT_FALSE(service.ok());
  EXPECT_NE(service.status().message().find("no_such_flag"), absl::string_view::npos)
      << service.status();
}

TEST(MountedProgramTest, AProgramThatEndsBeforeItServesIsAnErrorAndItsDirectoryIsGone) {
  auto scratch = ScratchDirectory::Make();
  ASSERT_TRUE(scratch.ok()) << scratch.status();
  const auto program = MountedProgram::Start({.name = "false",
                                              .arguments = {"/bin/false"},
                                              .mount_point = scratch->File("mnt"),
                                              .log_file = scratch->File("log")},
                                             {.progress = [](absl::string_view) {}});
  EXPECT_FALSE(program.ok());
  EXPECT_FALSE(std::filesystem::exists(scratch->File("mnt")));
}

TEST(MountedProgramTest, AProgramThatIsNotThereIsNamed) {
  const auto found = FindProgram("bench/no_such_program");
  EXPECT_EQ(found.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(found.status().message().find("no_such_program"), absl::string_view::npos);
}

}  // namespace
}  // namespace coppice
