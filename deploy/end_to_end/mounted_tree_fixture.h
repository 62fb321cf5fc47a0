// The tests of a suite look at one MountedTree, mounted before the first and gone after the last.
// Where a machine cannot mount, they are skipped, and say so.
#ifndef COPPICE_DEPLOY_END_TO_END_MOUNTED_TREE_FIXTURE_H_
#define COPPICE_DEPLOY_END_TO_END_MOUNTED_TREE_FIXTURE_H_

#include <cerrno>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "deploy/end_to_end/mounted_tree.h"
#include "gtest/gtest.h"

namespace coppice {

// The errno of a call, 0 for success.
inline int ErrnoOf(long result) { return result == -1 ? errno : 0; }

class MountedTreeTest : public ::testing::Test {
 protected:
  // For SetUpTestSuite. `fill` writes the tree before it is mounted.
  static void MountForSuite(const std::function<void(const MountedTree&)>& fill,
                            const MountedTreeOptions& options = {}) {
    tree_ = std::make_unique<MountedTree>();
    fill(*tree_);
    mounted_ = tree_->Mount(options);
  }
  static void TearDownTestSuite() { tree_.reset(); }

  void SetUp() override {
    if (absl::IsUnavailable(mounted_)) GTEST_SKIP() << "NOT TESTED: " << mounted_;
    ASSERT_TRUE(mounted_.ok()) << mounted_;
  }

  static MountedTree& Tree() { return *tree_; }
  static std::string Original(absl::string_view name = "") { return tree_->Original(name); }
  static std::string Shown(absl::string_view name = "") { return tree_->Shown(name); }

 private:
  // GoogleTest shares between the tests of a suite by static members only.
  static inline std::unique_ptr<MountedTree> tree_;
  static inline absl::Status mounted_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_MOUNTED_TREE_FIXTURE_H_
