// One suite of tests that every Source and every layer passes (the contract of source/source.h).
//
// A test program runs it over its own source by linking source_conformance and saying
//
//   INSTANTIATE_TEST_SUITE_P(Caching, SourceConformanceTest,
//                            testing::Values(ConformanceOverMemory([](Source& base) {
//                              return MakeCachingSource(base, ...);
//                            })));
//
// A source that needs more (a server and its client, a directory on disk) writes its own factory:
// what the source stands on lives as long as the shared_ptr, e.g. by its aliasing constructor:
// std::shared_ptr<Source>(pair, &pair->client_source).
#ifndef COPPICE_SOURCE_TESTING_SOURCE_CONFORMANCE_H_
#define COPPICE_SOURCE_TESTING_SOURCE_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "source/source.h"
#include "source/testing/fixture_tree.h"

namespace coppice {

// Makes a source over exactly that tree, with all that it stands on. Called once a test.
using ConformanceFactory =
    std::function<std::shared_ptr<Source>(const std::vector<FixtureEntry>& tree)>;

// The factory of a layer: over a MemorySource that holds the tree.
ConformanceFactory ConformanceOverMemory(
    std::function<std::unique_ptr<Source>(Source& base)> make_layer);

class SourceConformanceTest : public testing::TestWithParam<ConformanceFactory> {
 protected:
  void SetUp() override;

  Source& source() { return *source_; }
  const std::vector<FixtureEntry>& tree() const { return tree_; }

  // The key of a block of an entry, in the version that the source tells now.
  BlockKey KeyOf(const std::string& path, uint64_t index);
  // The answer of FindExtent; the index of the key is of no account.
  absl::StatusOr<uint64_t> Find(const BlockKey& key, uint64_t offset, ExtentKind kind);
  // All entries of a directory, by one page after the other.
  void CollectPages(const Path& path, uint32_t bits, std::vector<Dentry>& entries);

  std::vector<FixtureEntry> tree_;
  std::shared_ptr<Source> source_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_TESTING_SOURCE_CONFORMANCE_H_
