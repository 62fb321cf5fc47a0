#include "bench/footprint/resident_memory.h"

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/process_costs.h"

namespace coppice {

absl::StatusOr<ResidentMemory> ReadResidentMemory(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // A process that has ended and waits for its parent has no memory to tell of.
  if (ProcField(text, "VmRSS") == 0) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  }
  return ResidentMemory{.anonymous = ProcField(text, "RssAnon"),
                        .files = ProcField(text, "RssFile"),
                        .shared = ProcField(text, "RssShmem")};
}

}  // namespace coppice
