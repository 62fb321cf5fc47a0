// The demo from its checks to its figures: the same import from the local disk, through a service
// of one node, and through a service of N nodes at the same moment, cold and warm. Not thread-safe;
// run on the main thread.
#ifndef COPPICE_DEPLOY_DEMO_SESSION_H_
#define COPPICE_DEPLOY_DEMO_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/demo_report.h"

namespace coppice {

struct DemoOptions {
  size_t nodes = 7;
  std::string module = "numpy";
  uint32_t fanout = 2;
  // Leaves the nodes' logs, and says where.
  bool keep_logs = false;
  // For all of it.
  absl::Duration timeout = absl::Minutes(5);
  int interrupt_descriptor = -1;
  // Is told what happens; required.
  std::function<void(absl::string_view)> progress;
};

// Fills the report as far as it comes; an error names the node and shows the end of its log.
// Nothing that was started is left running, whatever happens.
absl::Status RunDemo(const DemoOptions& options, DemoReport& report);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_DEMO_SESSION_H_
