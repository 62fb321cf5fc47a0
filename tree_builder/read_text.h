// Reads a text that is small enough to be held whole: a host list, a tree file.
#ifndef COPPICE_TREE_BUILDER_READ_TEXT_H_
#define COPPICE_TREE_BUILDER_READ_TEXT_H_

#include <cstddef>
#include <cstdio>
#include <string>

#include "absl/status/statusor.h"

namespace coppice {

// The most bytes of a host list or a tree file: those of kMembersMax members with long names.
inline constexpr size_t kTextBytesMax = size_t{512} << 20;

// To the end of the stream, which stays open. `name` is what errors call it. Blocks. Not for a
// stream that another thread reads. RESOURCE_EXHAUSTED above bytes_max, else what read(2) failed
// with.
absl::StatusOr<std::string> ReadText(FILE* stream, const std::string& name,
                                     size_t bytes_max = kTextBytesMax);

// The same of a file, opened and closed here; also what open(2) failed with.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max = kTextBytesMax);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_READ_TEXT_H_
