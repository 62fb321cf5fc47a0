#include "bench/peers/import_tree.h"

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "deploy/import_run.h"
#include "deploy/import_workload.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

BenchContext Quiet() {
  return {.progress = [](absl::string_view) {}};
}

TEST(ImportTreeTest, TheModuleIsImportedFromTheCopyAlone) {
  const TemporaryDirectory directory;
  const std::string root = directory.Below("tree");
  const absl::Status copied = CopyImportTree("numpy", root, Quiet());
  ASSERT_TRUE(copied.ok()) << copied;
  // RunImports itself checks that module and libraries came from under the prefix.
  const auto outcomes =
      RunImports("numpy", {{.who = "the copy", .prefix = root}}, LibraryDirectories(), {});
  EXPECT_TRUE(outcomes.ok()) << outcomes.status();
}

TEST(ImportTreeTest, ACopyKeepsItsTimesSoThatNothingIsCompiledAnew) {
  const TemporaryDirectory directory;
  const std::string root = directory.Below("tree");
  ASSERT_TRUE(CopyImportTree("numpy", root, Quiet()).ok());
  const std::string file = "/usr/lib/python3/dist-packages/numpy/__init__.py";
  EXPECT_EQ(std::filesystem::last_write_time(root + file), std::filesystem::last_write_time(file));
}

TEST(ImportTreeTest, AModuleThatIsNotThereIsAFailedPrecondition) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(absl::IsFailedPrecondition(
      CopyImportTree("no_such_module", directory.Below("tree"), Quiet())));
}

}  // namespace
}  // namespace coppice
