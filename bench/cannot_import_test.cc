#include "bench/cannot_import.h"

#include <fstream>

#include "bench/scratch_directory.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(CannotImportTest, SaysTheLastLineAndThePackageOfTheOutermostModule) {
  const auto scratch = ScratchDirectory::Make();
  ASSERT_TRUE(scratch.ok()) << scratch.status();
  std::ofstream(scratch->File("log")) << "Traceback (most recent call last):\n"
                                         "  File \"<string>\", line 2\n"
                                         "ModuleNotFoundError: No module named 'scipy'\n";
  EXPECT_EQ(CannotImport("scipy.linalg", scratch->File("log")),
            "Python cannot import scipy.linalg from the local disk (ModuleNotFoundError: No module "
            "named 'scipy'); install the Debian package python3-scipy, or name another module with "
            "--module");
}

}  // namespace
}  // namespace coppice
