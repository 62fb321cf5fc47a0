// What users do: the root of the machine is exported, and a path gets the mount point before it.
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

constexpr char kPython[] = "/usr/bin/python3";
constexpr char kPackages[] = "/usr/lib/python3/dist-packages";

class PrefixTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() {
    MountForSuite([](const MountedTree&) {}, {.export_root = "/"});
  }
  static std::string Prefixed(const std::string& path) { return Shown() + path; }
};

TEST_F(PrefixTest, NumpyIsImportedFromTheMountAndWorks) {
  if (!std::filesystem::exists(absl::StrCat(kPackages, "/numpy"))) {
    GTEST_SKIP() << "NOT TESTED: no numpy in " << kPackages;
  }
  const ProgramRun run =
      RunProgram(kPython,
                 {"-c",
                  "import numpy\n"
                  "print(numpy.__file__)\n"
                  "print(numpy.linalg.inv(numpy.array([[2., 0.], [0., 4.]])).tolist())\n"},
                 {absl::StrCat("PYTHONPATH=", Prefixed(kPackages)), "PYTHONDONTWRITEBYTECODE=1"});
  EXPECT_TRUE(run.end.success()) << run.standard_error;
  EXPECT_EQ(run.standard_output, absl::StrCat(Prefixed(kPackages), "/numpy/__init__.py\n",
                                              "[[0.5, 0.0], [0.0, 0.25]]\n"));
}

TEST_F(PrefixTest, AnInterpreterRunsWithItsLibraryFromTheMount) {
  const ProgramRun run =
      RunProgram(kPython, {"-c", "import json, os; print(json.__file__, os.__file__)"},
                 {absl::StrCat("PYTHONHOME=", Prefixed("/usr")), "PYTHONDONTWRITEBYTECODE=1"});
  EXPECT_TRUE(run.end.success()) << run.standard_error;
  EXPECT_THAT(run.standard_output, HasSubstr(Prefixed("/usr/lib/python3")));
  EXPECT_THAT(run.standard_output, testing::Not(HasSubstr(" /usr/lib")));
}

TEST_F(PrefixTest, ListingsAreThoseOfThePathBehindThePrefix) {
  for (const char* path : {"/usr/lib/python3", "/usr/bin", "/etc", "/usr/lib/../share"}) {
    const ProgramRun shown =
        RunProgram("/bin/ls", {"-ln", "--time-style=full-iso", Prefixed(path)});
    const ProgramRun original = RunProgram("/bin/ls", {"-ln", "--time-style=full-iso", path});
    EXPECT_TRUE(shown.end.success()) << shown.standard_error;
    EXPECT_EQ(shown.standard_output, original.standard_output);
  }
}

TEST_F(PrefixTest, ProgramsOfTheMachineRunFromTheMount) {
  EXPECT_EQ(RunProgram(Prefixed("/usr/bin/printf"), {"%s", "text"}).standard_output, "text");
  const ProgramRun version = RunProgram(Prefixed("/usr/bin/python3.11"), {"-c", "print(6 * 7)"});
  if (std::filesystem::exists("/usr/bin/python3.11")) {
    EXPECT_EQ(version.standard_output, "42\n") << version.standard_error;
  }
}

TEST_F(PrefixTest, ManyShortProcessesRunFromTheMount) {
  // Few at a time, as a launcher starts the ranks of a node.
  const ProgramRun run = RunProgram(
      "/bin/sh", {"-c",
                  "seq 200 | xargs -P 8 -n 1 sh -c '\"$0/usr/bin/test\" \"$1\" -gt 0 || exit 255' "
                  "\"$1\"",
                  "sh", Shown()});
  EXPECT_TRUE(run.end.success()) << run.standard_error;
}

}  // namespace
}  // namespace coppice
