#include "deploy/import_workload.h"

#include <unistd.h>

#include "absl/time/clock.h"
#include "deploy/import_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(ImportWorkloadTest, EveryPathOfTheEnvironmentHasThePrefix) {
  const auto environment = ImportEnvironment("/m", {"/usr/lib/a", "/usr/lib"});
  EXPECT_THAT(environment, Contains("PYTHONPATH=/m/usr/lib/python3/dist-packages"));
  EXPECT_THAT(environment, Contains("LD_LIBRARY_PATH=/m/usr/lib/a:/m/usr/lib"));
}

TEST(ImportWorkloadTest, TheLocalBaselineHasTheSameVariablesWithoutPrefix) {
  const auto environment = ImportEnvironment("", {"/usr/lib"});
  EXPECT_THAT(environment, Contains("PYTHONPATH=/usr/lib/python3/dist-packages"));
  EXPECT_THAT(environment, Contains("LD_LIBRARY_PATH=/usr/lib"));
}

TEST(ImportWorkloadTest, DebiansOwnPythonIsUsedWhateverThePath) {
  EXPECT_EQ(ImportCommand("numpy", "/m")[0], "/usr/bin/python3");
}

TEST(ImportWorkloadTest, LibraryDirectoriesExist) {
  for (const std::string& directory : LibraryDirectories()) {
    EXPECT_EQ(access(directory.c_str(), R_OK), 0) << directory;
  }
}

TEST(ImportWorkloadTest, OnlyTwoLinesAreAProof) {
  const auto proof = ParseImportProof("/m/usr/x.py\n17\n");
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(proof->module_file, "/m/usr/x.py");
  EXPECT_EQ(proof->mapped_files, 17u);
  for (const char* output :
       {"", "/m/x.py\n", "/m/x.py\nmany\n", "/m/x.py\n17", "\n17\n", "/m/x.py\n17\nmore\n"}) {
    EXPECT_EQ(ParseImportProof(output).status().code(), absl::StatusCode::kInvalidArgument)
        << output;
  }
}

TEST(ImportWorkloadTest, AModuleFromElsewhereIsNoProof) {
  EXPECT_TRUE(CheckImportProof({"/m/usr/x.py", 1}, "/m").ok());
  EXPECT_FALSE(CheckImportProof({"/usr/x.py", 1}, "/m").ok());
  EXPECT_FALSE(CheckImportProof({"/mother/x.py", 1}, "/m").ok());
  EXPECT_FALSE(CheckImportProof({"/m/usr/x.py", 0}, "/m").ok());
}

TEST(ImportWorkloadTest, OnlyModuleNamesAreTaken) {
  EXPECT_TRUE(CheckModuleName("numpy").ok());
  EXPECT_TRUE(CheckModuleName("os.path").ok());
  for (const char* name : {"", "a;b", "a b", "3d", "../x"}) {
    EXPECT_EQ(CheckModuleName(name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

class ImportRunTest : public testing::Test {
 protected:
  ImportPlace Here(const std::string& who) {
    return {.who = who, .prefix = "", .log_file = testing::TempDir() + "import.log"};
  }
};

TEST_F(ImportRunTest, ImportsThatAreReleasedTogetherAllReportTimeAndProof) {
  const auto outcomes = RunImports("decimal", {Here("node0"), Here("node1")}, {"/usr/lib"}, {});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  ASSERT_EQ(outcomes->size(), 2u);
  for (const ImportOutcome& outcome : *outcomes) {
    EXPECT_GT(outcome.wall_time, absl::ZeroDuration());
    EXPECT_THAT(outcome.proof.module_file, HasSubstr("decimal.py"));
    EXPECT_GT(outcome.proof.mapped_files, 0u);
  }
}

TEST_F(ImportRunTest, AFailedImportNamesItsNodeAndShowsWhatPythonSaid) {
  const auto outcomes = RunImports("no_such_module", {Here("node0")}, {"/usr/lib"}, {});
  EXPECT_THAT(std::string(outcomes.status().message()), HasSubstr("node0"));
  EXPECT_THAT(std::string(outcomes.status().message()), HasSubstr("No module named"));
}

TEST_F(ImportRunTest, TheDeadlineEndsTheImports) {
  EXPECT_EQ(RunImports("decimal", {Here("node0")}, {"/usr/lib"}, {.deadline = absl::InfinitePast()})
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace coppice
