// Proof that a mount serves: its root can be stat'ed and read, by a process of the node itself, in
// time. The process is another one because a mount that hangs takes with it whoever asks.
// Thread-safe.
#ifndef COPPICE_DEPLOY_MOUNT_PROBE_H_
#define COPPICE_DEPLOY_MOUNT_PROBE_H_

#include <string>

#include "absl/status/status.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"

namespace coppice {

// What the probe says goes to `log_file`. `who` names the node in errors.
absl::Status ProbeMount(const std::string& mount_point, const NamespaceDescriptors& namespaces,
                        const std::string& who, const std::string& log_file,
                        const WaitLimits& limits);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_MOUNT_PROBE_H_
