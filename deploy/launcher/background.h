// Goes on in the background: what a command does that must return while its work goes on, as
// daemon(3) does, but the caller hears how the beginning of it went. Not thread-safe; call it
// before any thread is made.
#ifndef COPPICE_DEPLOY_LAUNCHER_BACKGROUND_H_
#define COPPICE_DEPLOY_LAUNCHER_BACKGROUND_H_

#include <functional>

#include "absl/status/status.h"
#include "deploy/descriptor_wait.h"

namespace coppice {

// Calls `work` in a process of its own, which has a session of its own and none of our standard
// descriptors, and returns what it gives to its argument, once; without that, UNAVAILABLE when it
// ends. The process ends when `work` returns. When the limits end the wait, it is sent SIGTERM and
// waited for: it is then as if there had been none.
absl::Status StartInBackground(
    const std::function<void(const std::function<void(const absl::Status&)>& tell)>& work,
    const WaitLimits& limits);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_BACKGROUND_H_
