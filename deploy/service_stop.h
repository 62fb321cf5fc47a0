// Ending a service by what is written down of it: whoever started it may be long gone, and any of
// its processes may have been killed or its mounts left dead. Everything that fails is tried to its
// end and reported together. Not thread-safe.
#ifndef COPPICE_DEPLOY_SERVICE_STOP_H_
#define COPPICE_DEPLOY_SERVICE_STOP_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/service_record.h"
#include "deploy/state_directory.h"

namespace coppice {

struct StopOptions {
  // For each kind of process, from SIGTERM to SIGKILL.
  absl::Duration grace = absl::Seconds(10);
  // Leaves the state directory, so that the logs can be read.
  bool keep_state = false;
  // Leaves the peers running: they end by themselves.
  bool spare_peers = false;
  // Is told what is out of the ordinary; required.
  std::function<void(absl::string_view)> progress;
};

// Unmounts, ends the clients, the peers and the nodes, and removes what was made for the service.
// When something could not be ended, the state is left for another try.
absl::Status StopService(StateDirectory& state, const StopOptions& options);

// How many of its processes are alive.
size_t CountRunning(const ServiceRecord& record);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_SERVICE_STOP_H_
