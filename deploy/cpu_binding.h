// Keeps what a thread starts on some of the machine's CPUs: a process inherits the CPUs of the
// thread that starts it (sched_setaffinity(2)), so the binding is taken, the processes are started,
// and the binding is given back. Of the calling thread only; thread-safe.
#ifndef COPPICE_DEPLOY_CPU_BINDING_H_
#define COPPICE_DEPLOY_CPU_BINDING_H_

#include <sched.h>

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

// "48-51,100": numbers and ranges, as taskset and numactl take them. Sorted, without repeats; none
// for empty text. INVALID_ARGUMENT for anything else, or a number that Linux cannot have
// (CPU_SETSIZE).
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view list);

class CpuBinding {
 public:
  // Of none, for an empty list. INVALID_ARGUMENT when the machine, or what our own limits allow
  // (cgroups), has one of them not.
  static absl::StatusOr<CpuBinding> OfThisThread(absl::string_view list);

  CpuBinding(CpuBinding&& other) noexcept;
  CpuBinding& operator=(CpuBinding&&) = delete;
  // The thread may use what it could before.
  ~CpuBinding();

 private:
  explicit CpuBinding(std::optional<cpu_set_t> before) : before_(before) {}

  std::optional<cpu_set_t> before_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_CPU_BINDING_H_
