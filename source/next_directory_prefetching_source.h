// NextDirectoryPrefetchingSource: who reads directory after directory gets the next one ahead.
//
// A program that copies or searches a tree (tar, grep -r, Python's copytree) reads the files of a
// directory in the order of its listing, and then does the same in the next directory that the
// parent lists. In each it would wait anew: for the listing, for the first files, and for the batch
// that these bring. Here, whoever begins two neighbouring directories with the first small file of
// each has the directory after them listed, and as many of its files read as bring the others
// (sibling_pattern.h): what he will do himself, a directory earlier.
//
// It belongs into the client, which sees each beginning; a peer does not see the reading of what is
// in its memory already. The kernel asks for the first file of each directory, also where it is
// given others unasked (fuse_client/files_ahead.h). So who goes on says so, and who stops has had
// one listing and one batch too many.
//
// Bounded: the constants below, and speculation.h. Thread-safe. Destructor as the contract of
// Source; waits for what it has asked for.
#ifndef COPPICE_SOURCE_NEXT_DIRECTORY_PREFETCHING_SOURCE_H_
#define COPPICE_SOURCE_NEXT_DIRECTORY_PREFETCHING_SOURCE_H_

#include <cstddef>
#include <memory>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Directories of which it is known with which file they were begun; the least recently used is
// forgotten first, and would be begun anew.
inline constexpr size_t kDirectoriesBegunMax = 4'096;

// Statistics, layer "next_directory_prefetching": listings and files that were asked for.
class NextDirectoryPrefetchingSource : public Source, public Measurable {};

// REQUIRES: `base` outlives the result.
std::unique_ptr<NextDirectoryPrefetchingSource> MakeNextDirectoryPrefetchingSource(Source& base);

}  // namespace coppice

#endif  // COPPICE_SOURCE_NEXT_DIRECTORY_PREFETCHING_SOURCE_H_
