#include "deploy/coppice/running_services.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "deploy/state_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunningServicesTest : public testing::Test {
 protected:
  RunningServicesTest() : top_(absl::StrCat(testing::TempDir(), "services.XXXXXX")) {
    EXPECT_NE(mkdtemp(top_.data()), nullptr);
    root_ = top_ + "/root";
  }
  ~RunningServicesTest() override { std::filesystem::remove_all(top_); }
  void Write(const std::string& service, const std::string& text) {
    const auto state = StateDirectory::Create(root_, service);
    ASSERT_TRUE(state.ok()) << state.status();
    ASSERT_TRUE(state->WriteFile(kServiceRecordFile, text).ok());
  }
  static std::string TwoNodes() {
    ServiceRecord record;
    for (const char* name : {"node0", "node1"}) {
      record.nodes.push_back({.name = name,
                              .address = "127.0.0.1:1",
                              .socket = "/no/such.sock",
                              .mount_point = absl::StrCat("/no/such/", name)});
    }
    return ServiceRecordText(record);
  }

  std::string top_;
  std::string root_;
};

TEST_F(RunningServicesTest, WithoutAnyTheCureIsNamed) {
  EXPECT_THAT(*ListServices(root_), IsEmpty());
  const auto node = ChooseNode({.state_root = root_});
  EXPECT_EQ(node.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(node.status().message()), HasSubstr("bazel run //deploy:launch"));
}

TEST_F(RunningServicesTest, TheFirstNodeIsTakenUnlessOneIsNamed) {
  Write("local", TwoNodes());
  EXPECT_EQ(ChooseNode({.state_root = root_})->name, "node0");
  EXPECT_EQ(ChooseNode({.state_root = root_, .node = "node1"})->name, "node1");
  EXPECT_THAT(std::string(ChooseNode({.state_root = root_, .node = "node7"}).status().message()),
              HasSubstr("there are node0, node1"));
  EXPECT_FALSE(ChooseNode({.state_root = root_, .service = "work"}).ok());
}

TEST_F(RunningServicesTest, AServiceHeldByAnotherProcessIsListedWithTheReason) {
  Write("local", TwoNodes());
  const auto held = StateDirectory::Open(root_, "local");
  ASSERT_TRUE(held.ok());
  const auto services = ListServices(root_);
  ASSERT_TRUE(services.ok()) << services.status();
  ASSERT_EQ(services->size(), 1u);
  EXPECT_EQ((*services)[0].error.code(), absl::StatusCode::kUnavailable);
}

TEST_F(RunningServicesTest, DamagedStateIsListedWithTheReason) {
  Write("local", "garbage");
  const auto services = ListServices(root_);
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_EQ((*services)[0].error.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RunningServicesTest, AMountThatIsNotThereNamesTheCure) {
  const auto tree = ChooseMount(
      {.state_root = root_, .mount = "", .path = "/usr/lib", .default_mount = "/no/such/mount"});
  EXPECT_THAT(std::string(tree.status().message()), HasSubstr("/no/such/mount"));
  EXPECT_THAT(std::string(tree.status().message()), HasSubstr("bazel run //deploy:launch"));
}

TEST_F(RunningServicesTest, APeerThatIsSilentNamesStop) {
  Write("local", TwoNodes());
  const auto tree = ChooseMount({.state_root = root_, .path = "/usr", .default_mount = "/m"});
  EXPECT_THAT(std::string(tree.status().message()), HasSubstr("bazel run //deploy:stop"));
}

}  // namespace
}  // namespace coppice
