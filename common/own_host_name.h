// What this machine calls itself (gethostname(2)): short or full, as its administrator set it up.
// Thread-safe.
#ifndef COPPICE_COMMON_OWN_HOST_NAME_H_
#define COPPICE_COMMON_OWN_HOST_NAME_H_

#include <string>

namespace coppice {

// Empty when it does not say.
std::string OwnHostName();

}  // namespace coppice

#endif  // COPPICE_COMMON_OWN_HOST_NAME_H_
