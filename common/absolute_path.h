// Paths as users write them, made absolute by their text alone: no link is followed, and nothing
// need be there. Pure, thread-safe.
#ifndef COPPICE_COMMON_ABSOLUTE_PATH_H_
#define COPPICE_COMMON_ABSOLUTE_PATH_H_

#include <string>

namespace coppice {

// `path`, which may be relative to `directory`, without ".", ".." and a '/' at its end. REQUIRES:
// `directory` is absolute.
std::string AbsolutePath(const std::string& path, const std::string& directory);

}  // namespace coppice

#endif  // COPPICE_COMMON_ABSOLUTE_PATH_H_
