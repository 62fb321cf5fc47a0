// Those that bench:import measures side by side: ways to the same installed Python packages. Each
// is mounted anew for each round, so its first import is cold and the next are warm; the local
// disk's own page cache stays warm throughout. Not thread-safe; start on the main thread.
#ifndef COPPICE_BENCH_IMPORT_CONTENDER_H_
#define COPPICE_BENCH_IMPORT_CONTENDER_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "bench/report.h"

namespace coppice {

// Processes that serve an import, whose system calls are counted together.
struct ServingProcesses {
  // Of the count in a report.
  std::string count_name;
  std::vector<pid_t> pids;
};

class ImportContender {
 public:
  virtual ~ImportContender() = default;

  virtual const std::string& name() const = 0;
  // Which of the measurements make sense.
  virtual bool has_cold() const = 0;
  virtual bool has_warm() const = 0;

  // Returns the prefix under which the packages are: a mount point without a final slash, or
  // nothing for the local disk. Everything behind it is cold, but for the local disk.
  virtual absl::StatusOr<std::string> Mount() = 0;
  virtual absl::Status Unmount() = 0;
  // What it has cost since Mount, or since the last call.
  virtual absl::StatusOr<std::vector<Count>> TakeCounts() = 0;
  // Of those of one group, the count is the mean. REQUIRES: mounted.
  virtual std::vector<ServingProcesses> servers() const = 0;
};

// FUSE requests besides IOCTL, in the counts of those that have FUSE requests.
inline constexpr char kRequestsCount[] = "FUSE, no IOCTL";

// `directories` are those that an import reads. `scratch` and `context` outlive what is made.
std::unique_ptr<ImportContender> MakeLocalImport();
std::unique_ptr<ImportContender> MakePassthroughImport(const std::string& scratch,
                                                       const BenchContext& context);
std::unique_ptr<ImportContender> MakeFloorImport(const std::vector<std::string>& directories,
                                                 const std::string& scratch,
                                                 const BenchContext& context);
// Makes the image at its first mount. UNIMPLEMENTED says what is missing: the programs of
// squashfs-tools, or root.
absl::StatusOr<std::unique_ptr<ImportContender>> MakeSquashfsImport(
    const std::vector<std::string>& directories, const std::string& scratch,
    const BenchContext& context);
// At the last node of a chain that long.
std::unique_ptr<ImportContender> MakeCoppiceImport(size_t nodes, const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_IMPORT_CONTENDER_H_
