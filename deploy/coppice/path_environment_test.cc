#include "deploy/coppice/path_environment.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A plain folder plays the mount: it has the same entries as what it shows.
class PathEnvironmentTest : public testing::Test {
 protected:
  PathEnvironmentTest() : top_(absl::StrCat(testing::TempDir(), "environment.XXXXXX")) {
    EXPECT_NE(mkdtemp(top_.data()), nullptr);
    top_ = std::filesystem::canonical(top_).string();
    tree_ = {.mount = top_ + "/mount", .export_root = top_ + "/data"};
    MakeDirectory("");
  }
  ~PathEnvironmentTest() override { std::filesystem::remove_all(top_); }

  void MakeDirectory(const std::string& path) {
    std::filesystem::create_directories(tree_.export_root + "/" + path);
    std::filesystem::create_directories(tree_.mount + "/" + path);
  }
  void MakeFile(const std::string& path) {
    MakeDirectory(std::filesystem::path(path).parent_path().string());
    std::ofstream(tree_.export_root + "/" + path) << "text";
    std::ofstream(tree_.mount + "/" + path) << "text";
  }
  void MakeLink(const std::string& target, const std::string& path) {
    std::filesystem::create_symlink(target, tree_.export_root + "/" + path);
    std::filesystem::create_symlink(target, tree_.mount + "/" + path);
  }
  absl::StatusOr<EnvironmentPlan> Plan(const std::string& path,
                                       const std::vector<PathKind>& kinds = {}) {
    return PlanEnvironment(tree_.export_root + "/" + path, tree_, kinds,
                           [this](const std::string& name) -> std::optional<std::string> {
                             const auto found = now_.find(name);
                             if (found == now_.end()) return std::nullopt;
                             return found->second;
                           });
  }
  std::string Mounted(const std::string& path) { return tree_.mount + "/" + path; }

  std::string top_;
  MountedTree tree_;
  std::map<std::string, std::string> now_;
};

TEST_F(PathEnvironmentTest, PythonPackagesGoIntoPythonpath) {
  MakeFile("packages/numpy/__init__.py");
  const auto plan = Plan("packages");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->variables, ElementsAre(VariableChange{"PYTHONPATH", Mounted("packages")}));
  EXPECT_THAT(plan->notes, IsEmpty());
}

TEST_F(PathEnvironmentTest, WhatWasThereStaysBehindAndTwiceIsOnce) {
  MakeFile("packages/a.py");
  now_["PYTHONPATH"] = absl::StrCat("/home/ada/lib:", Mounted("packages"), "::/opt");
  EXPECT_THAT(Plan("packages")->variables,
              ElementsAre(VariableChange{
                  "PYTHONPATH", absl::StrCat(Mounted("packages"), ":/home/ada/lib:/opt")}));
}

TEST_F(PathEnvironmentTest, AVirtualEnvironmentNamesItsSitePackages) {
  MakeFile("venv/pyvenv.cfg");
  MakeFile("venv/bin/python3");
  MakeFile("venv/lib/python3.11/site-packages/numpy/__init__.py");
  const auto plan = Plan("venv");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->variables, ElementsAre(VariableChange{
                                   "PYTHONPATH", Mounted("venv/lib/python3.11/site-packages")}));
  EXPECT_THAT(plan->notes, Contains(HasSubstr("--what=path")));
}

TEST_F(PathEnvironmentTest, SharedObjectsGoIntoTheLibraryPath) {
  MakeFile("app/lib/libapp.so.1");
  EXPECT_THAT(Plan("app")->variables,
              ElementsAre(VariableChange{"LD_LIBRARY_PATH", Mounted("app/lib")}));
  EXPECT_THAT(Plan("app/lib")->variables,
              ElementsAre(VariableChange{"LD_LIBRARY_PATH", Mounted("app/lib")}));
}

TEST_F(PathEnvironmentTest, ALibraryFolderWithTwoNamesIsNamedOnceAndNotesNothing) {
  MakeFile("app/lib/libapp.so");
  MakeLink("lib", "app/lib64");
  const auto plan = Plan("app");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->variables, ElementsAre(VariableChange{"LD_LIBRARY_PATH", Mounted("app/lib")}));
  EXPECT_THAT(plan->notes, IsEmpty());
}

TEST_F(PathEnvironmentTest, TheLoadersConfigurationIsNoLibrary) {
  MakeFile("etc/ld.so.conf");
  MakeFile("etc/ld.so.");
  EXPECT_EQ(Plan("etc").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(PathEnvironmentTest, ProgramsAloneGoIntoPath) {
  MakeFile("tools/bin/run");
  now_["PATH"] = "/usr/bin:/bin";
  EXPECT_THAT(Plan("tools")->variables,
              ElementsAre(VariableChange{"PATH", Mounted("tools/bin") + ":/usr/bin:/bin"}));
}

TEST_F(PathEnvironmentTest, WhatIsAskedForIsWhatIsNamed) {
  MakeFile("app/bin/run");
  MakeFile("app/lib/libapp.so");
  const auto plan = Plan("app", {PathKind::kPrograms, PathKind::kLibraries});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->variables, ElementsAre(VariableChange{"PATH", Mounted("app/bin")},
                                           VariableChange{"LD_LIBRARY_PATH", Mounted("app/lib")}));
  EXPECT_THAT(std::string(Plan("app", {PathKind::kConda}).status().message()),
              HasSubstr("--what=conda"));
}

TEST_F(PathEnvironmentTest, ACondaEnvironmentIsActivatedAsCondaDoes) {
  MakeFile("env/conda-meta/history");
  MakeFile("env/bin/python3");
  MakeFile("env/lib/libpython3.so");
  MakeFile("env/etc/conda/activate.d/b.sh");
  MakeFile("env/etc/conda/activate.d/a.sh");
  MakeFile("env/etc/conda/activate.d/a.fish");
  now_ = {{"PATH", "/usr/bin"}, {"CONDA_PREFIX", "/opt/base"}, {"CONDA_SHLVL", "1"}};
  const auto plan = Plan("env");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->variables, ElementsAre(VariableChange{"PATH", Mounted("env/bin") + ":/usr/bin"},
                                           VariableChange{"CONDA_PREFIX_1", "/opt/base"},
                                           VariableChange{"CONDA_PREFIX", Mounted("env")},
                                           VariableChange{"CONDA_DEFAULT_ENV", Mounted("env")},
                                           VariableChange{"CONDA_SHLVL", "2"}));
  EXPECT_THAT(plan->scripts, ElementsAre(Mounted("env/etc/conda/activate.d/a.sh"),
                                         Mounted("env/etc/conda/activate.d/b.sh")));
  EXPECT_THAT(plan->notes, IsEmpty());
}

TEST_F(PathEnvironmentTest, LinksOfTheDirectoryAreFollowedAndThatIsSaid) {
  MakeFile("real/a.py");
  MakeLink("real", "link");
  const auto plan = Plan("link");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->variables, ElementsAre(VariableChange{"PYTHONPATH", Mounted("real")}));
  EXPECT_THAT(plan->notes, Contains(HasSubstr("links are followed")));
}

TEST_F(PathEnvironmentTest, ALinkThatEndsOutsideTheExportRootIsAnErrorWithItsCure) {
  std::filesystem::create_directories(top_ + "/elsewhere");
  std::ofstream(top_ + "/elsewhere/a.py") << "";
  MakeLink(top_ + "/elsewhere", "link");
  const auto plan = Plan("link");
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("misses the mount"));
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("--export_root"));
}

TEST_F(PathEnvironmentTest, LinksThatLeaveTheMountAreCountedAndNamed) {
  MakeFile("farm/a.py");
  MakeLink("/usr/lib/b.py", "farm/b.py");
  MakeLink("/usr/lib/c.py", "farm/c.py");
  MakeLink("a.py", "farm/d.py");
  EXPECT_THAT(Plan("farm")->notes, Contains(HasSubstr("2 links")));
  EXPECT_THAT(Plan("farm")->notes, Contains(HasSubstr("b.py -> /usr/lib/b.py")));
}

TEST_F(PathEnvironmentTest, WhatTheMountDoesNotShowYetIsNeverNamed) {
  std::filesystem::create_directories(tree_.export_root + "/new");
  std::ofstream(tree_.export_root + "/new/a.py") << "";
  const auto plan = Plan("new");
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("invalidate"));
}

TEST_F(PathEnvironmentTest, APathThroughTheMountIsTakenAsItIs) {
  MakeFile("packages/a.py");
  const auto plan = PlanEnvironment(Mounted("packages"), tree_, {},
                                    [](const std::string&) { return std::nullopt; });
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->variables, ElementsAre(VariableChange{"PYTHONPATH", Mounted("packages")}));
}

TEST_F(PathEnvironmentTest, WhatFitsNothingOrIsNothingSaysSo) {
  MakeFile("data/input.h5");
  EXPECT_EQ(Plan("data").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(Plan("data").status().message()), HasSubstr("needs no variable"));
  EXPECT_FALSE(Plan("data/input.h5").ok());
  EXPECT_FALSE(Plan("missing").ok());
}

TEST(IsWithinTest, NamesAreComparedWhole) {
  EXPECT_TRUE(IsWithin("/a/b", "/a"));
  EXPECT_TRUE(IsWithin("/a", "/a"));
  EXPECT_TRUE(IsWithin("/a", "/"));
  EXPECT_FALSE(IsWithin("/ab", "/a"));
  EXPECT_EQ(Below("/a/b/c", "/a"), "b/c");
  EXPECT_EQ(Below("/a", "/a"), "");
  EXPECT_EQ(Below("/a/b", "/"), "a/b");
}

}  // namespace
}  // namespace coppice
