// What lstat(2) says of the entries of a directory, for comparing a tree with another view of it.
// Blocks. Pure functions, thread-safe.
#ifndef COPPICE_DEPLOY_END_TO_END_ENTRIES_H_
#define COPPICE_DEPLOY_END_TO_END_ENTRIES_H_

#include <sys/stat.h>

#include <string>
#include <vector>

namespace coppice {

// All below the directory, as paths relative to it, sorted; itself as ".". Links are not followed.
std::vector<std::string> EntriesBelow(const std::string& directory);

// The fields that a view must keep, one a line: all but st_dev and st_ino, which are the view's
// own, and st_atime, which looking changes. The errno when there is no such file.
std::string AttributesText(const std::string& path);

// Zeros where lstat(2) fails, with a test failure.
struct stat LinkStat(const std::string& path);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_ENTRIES_H_
