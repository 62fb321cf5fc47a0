// The part of launch for many hosts: from its options to its exit code. Not thread-safe; call from
// the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_LAUNCH_ON_HOSTS_H_
#define COPPICE_DEPLOY_LAUNCH_ON_HOSTS_H_

#include <functional>

#include "absl/strings/string_view.h"
#include "deploy/launch_options.h"
#include "deploy/launcher/allocation.h"

namespace coppice {

// What the options say of hosts.
AllocationOptions HostsAskedFor(const LaunchOptions& options);

// 0: all hosts are ready; 3: enough of them; 1: nothing was left running, `say` was told why; 2:
// options that do not go together.
int LaunchOnHosts(const LaunchOptions& options, const Allocation& allocation,
                  const JobEnvironment& environment, int interrupt_descriptor,
                  const std::function<void(absl::string_view)>& say);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCH_ON_HOSTS_H_
