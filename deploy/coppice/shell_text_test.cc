#include "deploy/coppice/shell_text.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/child_process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using ::testing::HasSubstr;

// Each has a letter that some shell takes for something else.
constexpr char kHostile[] = "/a b/$HOME/`id`/it's/\"x\"/\\n/!x/*/;rm/\xff";

EnvironmentPlan HostilePlan() {
  return {.variables = {{"PYTHONPATH", kHostile}}, .scripts = {}, .notes = {"a note"}};
}

TEST(ShellTextTest, ARealShellReadsBackEveryByte) {
  const std::string code = absl::StrCat(ShellText(HostilePlan(), ShellKind::kSh),
                                        "test \"$PYTHONPATH\" = \"$EXPECTED\"");
  auto child = ChildProcess::Start(
      {.arguments = {"/bin/sh", "-c", code}, .environment = {absl::StrCat("EXPECTED=", kHostile)}});
  ASSERT_TRUE(child.ok()) << child.status();
  const auto end = child->Wait({.deadline = absl::Now() + absl::Seconds(30)});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_TRUE(end->success());
}

TEST(ShellTextTest, EachShellHasItsOwnWords) {
  const EnvironmentPlan plan = {.variables = {{"PATH", "/m/bin:/usr/bin"}}};
  EXPECT_EQ(ShellText(plan, ShellKind::kSh), "export PATH='/m/bin:/usr/bin';\n");
  EXPECT_EQ(ShellText(plan, ShellKind::kCsh), "setenv PATH '/m/bin:/usr/bin';\n");
  EXPECT_EQ(ShellText(plan, ShellKind::kFish), "set -gx PATH '/m/bin:/usr/bin';\n");
}

TEST(ShellTextTest, ActivationScriptsAreRunByBourneShells) {
  const EnvironmentPlan plan = {.variables = {}, .scripts = {"/m/it's.sh"}};
  EXPECT_EQ(ShellText(plan, ShellKind::kSh), ". '/m/it'\\''s.sh';\n");
  EXPECT_EQ(ShellText(plan, ShellKind::kCsh), "");
}

TEST(ShellTextTest, JsonHasVariablesScriptsAndNotes) {
  const auto json = nlohmann::json::parse(ShellText(
      {.variables = {{"PATH", "/m"}}, .scripts = {"/s"}, .notes = {"n"}}, ShellKind::kJson));
  EXPECT_EQ(json["variables"]["PATH"], "/m");
  EXPECT_EQ(json["scripts"][0], "/s");
  EXPECT_EQ(json["notes"][0], "n");
  // Bytes that are no UTF-8 do not break it.
  EXPECT_THAT(ShellText(HostilePlan(), ShellKind::kJson), HasSubstr("PYTHONPATH"));
}

}  // namespace
}  // namespace coppice
