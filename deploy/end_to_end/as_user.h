// Does something as another user, in a process of its own. Needs root.
#ifndef COPPICE_DEPLOY_END_TO_END_AS_USER_H_
#define COPPICE_DEPLOY_END_TO_END_AS_USER_H_

#include <sys/types.h>

#include <functional>

namespace coppice {

// "nobody", and no member of any group but his own.
inline constexpr uid_t kNobody = 65'534;

// What `work` returned, from 0 to 255 (an errno fits), or -1 with a test failure.
// REQUIRES: `work` takes no lock that a thread of this process may hold.
int RunAs(uid_t user, const std::function<int()>& work);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_AS_USER_H_
