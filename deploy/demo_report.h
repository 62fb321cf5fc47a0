// What the demo has measured, as a table for people and as JSON for programs, and whether it holds.
// A value and pure functions.
#ifndef COPPICE_DEPLOY_DEMO_REPORT_H_
#define COPPICE_DEPLOY_DEMO_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace coppice {

// What reached a backing file system.
struct BackingFigures {
  uint64_t opens = 0;
  uint64_t bytes = 0;
  uint64_t lstats = 0;
  uint64_t readdirs = 0;
  // Of the bytes, those that nobody asked for: readahead.
  uint64_t unasked_bytes = 0;
};

struct NodeFigures {
  std::string name;
  absl::Duration cold;
  absl::Duration warm;
  uint64_t mapped_files = 0;
  // READ requests of the kernel during the cold import, and bytes given to it.
  uint64_t reads_cold = 0;
  uint64_t bytes_cold = 0;
  // FUSE requests during the warm import, without IOCTL.
  uint64_t requests_warm = 0;
};

struct DemoReport {
  std::string module;
  bool own_namespaces = false;
  // The import from the local disk: by itself (the median of several), and by as many processes at
  // the same moment as there are nodes.
  absl::Duration local;
  absl::Duration local_together;
  std::vector<NodeFigures> nodes;
  // Of all nodes together, and of one process on one node.
  BackingFigures backing;
  BackingFigures unique;
};

// How much more than the unique set may reach the backing file system. Reading each thing once more
// would be a ratio of 2; prefetching and the order in which nodes ask change a few percent.
inline constexpr double kBackingRatioMax = 1.25;

// FAILED_PRECONDITION says what does not hold: bytes that did not come through a mount, or a
// backing file system that was asked for much more than the unique set.
absl::Status CheckReport(const DemoReport& report);

std::string ReportText(const DemoReport& report);

// One line. `problem` is what went wrong, if anything; the report may then be unfinished.
std::string ReportJson(const DemoReport& report, const absl::Status& problem);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_DEMO_REPORT_H_
