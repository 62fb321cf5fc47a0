#include "deploy/cpu_binding.h"

#include <cerrno>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace coppice {
namespace {

absl::StatusOr<cpu_set_t> CpusOfThisThread() {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0) {
    return ErrnoStatus(errno, "ask which CPUs may be used");
  }
  return cpus;
}

}  // namespace

absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view list) {
  std::set<int> cpus;
  if (list.empty()) return std::vector<int>();
  for (absl::string_view range : absl::StrSplit(list, ',')) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(range, absl::MaxSplits('-', 1));
    int first = 0;
    int last = 0;
    if (!absl::SimpleAtoi(ends.first, &first) ||
        !absl::SimpleAtoi(range == ends.first ? ends.first : ends.second, &last) || first < 0 ||
        last < first || last >= CPU_SETSIZE) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", range, "' names no CPUs; write numbers and ranges, such as 48-51,100"));
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.insert(cpu);
  }
  return std::vector<int>(cpus.begin(), cpus.end());
}

absl::StatusOr<CpuBinding> CpuBinding::OfThisThread(absl::string_view list) {
  const auto numbers = ParseCpuList(list);
  if (!numbers.ok()) return numbers.status();
  if (numbers->empty()) return CpuBinding(std::nullopt);
  auto before = CpusOfThisThread();
  if (!before.ok()) return before.status();
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  for (const int cpu : *numbers) CPU_SET(cpu, &wanted);
  // The kernel leaves out silently what there is not, as long as one is left.
  absl::StatusOr<cpu_set_t> got = *before;
  int error_number = sched_setaffinity(0, sizeof(wanted), &wanted) == 0 ? 0 : errno;
  CpuBinding binding(*before);
  if (error_number == 0) got = CpusOfThisThread();
  if (!got.ok()) return got.status();
  for (const int cpu : *numbers) {
    if (error_number == 0 && CPU_ISSET(cpu, &*got)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("CPU ", cpu, " of '", list, "' is not there, or not for us (cgroup)"));
  }
  return binding;
}

CpuBinding::CpuBinding(CpuBinding&& other) noexcept
    : before_(std::exchange(other.before_, std::nullopt)) {}

CpuBinding::~CpuBinding() {
  // What could be used before can be used now.
  if (before_.has_value()) sched_setaffinity(0, sizeof(*before_), &*before_);
}

}  // namespace coppice
