// The tree that the conformance suite reads: every kind of file that is awkward somewhere.
//
// Described once, and put either into a MemorySource or onto a real file system.
#ifndef COPPICE_SOURCE_TESTING_FIXTURE_TREE_H_
#define COPPICE_SOURCE_TESTING_FIXTURE_TREE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "source/testing/memory_source.h"

namespace coppice {

struct FixtureEntry {
  enum class Kind { kDirectory, kFile, kSymlink };

  std::string path;
  Kind kind = Kind::kDirectory;
  std::string content;  // a file's bytes, a symbolic link's target
};

// Parents come before their children. The same at each call.
std::vector<FixtureEntry> FixtureTree();

void AddToMemory(const std::vector<FixtureEntry>& tree, MemorySource& memory);

// Into an existing, empty directory.
absl::Status WriteToDisk(const std::vector<FixtureEntry>& tree, const std::string& directory);

}  // namespace coppice

#endif  // COPPICE_SOURCE_TESTING_FIXTURE_TREE_H_
