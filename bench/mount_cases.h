// What mount_floor does to a mount, case by case, and the files that it does it to. The cases
// belong into the order in which they are given: a cold one comes before the warm one of the same
// files. Thread-safe: values and functions without state.
#ifndef COPPICE_BENCH_MOUNT_CASES_H_
#define COPPICE_BENCH_MOUNT_CASES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/bench_context.h"
#include "bench/report.h"
#include "bench/worker_processes.h"

namespace coppice {

// How much there is of everything.
struct MountData {
  // Directories of each kind: a cold case of names takes milliseconds, and a directory is cold once
  // in a mount. Each gives a sample; the first ones often wait for a core that must be woken, and
  // the median shall not depend on how many they are.
  size_t directories = 9;
  // Names in a directory that are looked up, and as many that are not there; names that are listed.
  size_t names = 1000;
  // Files of kSmallFileBytes that are opened, read and closed.
  size_t small_files = 1000;
  // The file that is read from its start to its end.
  uint64_t large_bytes = uint64_t{1} << 30;
  // The file that is read at random places, and how often.
  uint64_t random_bytes = uint64_t{256} << 20;
  size_t random_reads = 2000;
  // The file that is mapped.
  uint64_t mapped_bytes = uint64_t{200} << 20;
};

inline constexpr size_t kSmallFileBytes = 8 << 10;
inline constexpr size_t kPageBytes = 4 << 10;

// Makes all of it below a directory, which exists. CANCELLED, with what is there by then, once the
// user wants us to stop.
absl::Status MakeMountData(const std::string& directory, const MountData& data,
                           const BenchContext& context);

// What a case needs in order to be cold without a new mount, where that is possible at all: on the
// local disk.
enum class ColdNeeds {
  // It is a warm case.
  kNothing,
  // That the pages of `file` are dropped.
  kPagesDropped,
  // That the kernel forgets names: of the whole machine.
  kNamesDropped,
};

struct MountCase {
  // "stat, cold".
  std::string name;
  // kSeconds: the time of one operation, as one process sees it. kBytesPerSecond: of all processes.
  Unit unit = Unit::kSeconds;
  // Of one process: operations, or bytes.
  double amount = 1;
  ColdNeeds cold = ColdNeeds::kNothing;
  // Below the root of the data.
  std::string file;
  // Is done by one process before, and neither timed nor counted; may be empty.
  Work before;
  Work work;
};

// The cases on data that was made below `root`, which is how a mount shows it; those of names once
// for each of the directories. `workers` will do it at once, each beginning elsewhere.
std::vector<MountCase> MountCases(const std::string& root, const MountData& data, size_t workers);

// The value of a sample of the case.
double SampleOf(const MountCase& mount_case, absl::Duration duration, size_t workers);

}  // namespace coppice

#endif  // COPPICE_BENCH_MOUNT_CASES_H_
