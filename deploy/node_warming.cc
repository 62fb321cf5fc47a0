#include "deploy/node_warming.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/log_tail.h"

namespace coppice {
namespace {

// Far more than the few lines that warm prints.
constexpr size_t kOutputBytesMax = 16 << 10;

class Warming {
 public:
  Warming(const std::vector<NodeToWarm>& nodes, const NodeWarmingOptions& options,
          const WaitLimits& limits)
      : nodes_(nodes), options_(options), limits_(limits) {}

  absl::Status Run() {
    for (const NodeToWarm& node : nodes_) {
      if (absl::Status status = Start(node); !status.ok()) return Annotate(status, node.name);
    }
    for (size_t done = 0; done < nodes_.size();) {
      const auto ended = WaitForOne();
      if (ended.ok()) {
        ++done;
        if (absl::Status status = Finish(*ended); !status.ok()) return status;
        continue;
      }
      const bool in_time =
          absl::IsDeadlineExceeded(ended.status()) && (limits_.deadline > absl::Now());
      if (!in_time) {
        return Annotate(ended.status(),
                        absl::StrCat("warming: ", done, " of ", nodes_.size(), " nodes are done"));
      }
      options_.progress(absl::StrCat("warming: ", done, " of ", nodes_.size(), " nodes are done"));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Start(const NodeToWarm& node) {
    FileDescriptor output(memfd_create("warm-output", MFD_CLOEXEC));
    if (!output.valid()) return ErrnoStatus(errno, "make a file for the output of warm");
    auto process = ChildProcess::Start(
        {.arguments = {options_.program, absl::StrCat("--trace=", options_.trace),
                       node.mount_point},
         .environment = {"PATH=/usr/bin:/bin"},
         .log_file = node.log_file,
         .standard_output = output.get(),
         .parent_death_signal = SIGKILL,
         .new_session = true,
         .namespaces = node.namespaces});
    if (!process.ok()) return process.status();
    // Those that have ended are taken out, so that the others are what is waited for.
    running_.push_back(process->pid_descriptor());
    processes_.push_back(*std::move(process));
    outputs_.push_back(std::move(output));
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> WaitForOne() {
    WaitLimits limits = limits_;
    limits.deadline = std::min(limits.deadline, absl::Now() + options_.interval);
    auto ended = WaitReadable(running_, limits);
    if (ended.ok()) running_[*ended] = -1;
    return ended;
  }

  absl::Status Finish(size_t i) {
    const NodeToWarm& node = nodes_[i];
    const auto end = processes_[i].Wait({});
    if (!end.ok()) return Annotate(end.status(), node.name);
    if (!end->success()) {
      return absl::FailedPreconditionError(absl::StrCat(node.name, ": warming it ", end->Describe(),
                                                        "; the end of its log:\n",
                                                        LogTail(node.log_file)));
    }
    std::array<char, kOutputBytesMax> buffer;
    const ssize_t count = pread(outputs_[i].get(), buffer.data(), buffer.size(), 0);
    if (count < 0) return Annotate(ErrnoStatus(errno, "read the output of warm"), node.name);
    const absl::string_view text(buffer.data(), static_cast<size_t>(count));
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      options_.progress(absl::StrCat(node.name, ": ", line));
    }
    return absl::OkStatus();
  }

  const std::vector<NodeToWarm>& nodes_;
  const NodeWarmingOptions& options_;
  const WaitLimits limits_;
  // By node.
  std::vector<ChildProcess> processes_;
  std::vector<FileDescriptor> outputs_;
  std::vector<int> running_;
};

}  // namespace

absl::Status WarmNodes(const std::vector<NodeToWarm>& nodes, const NodeWarmingOptions& options,
                       const WaitLimits& limits) {
  return Warming(nodes, options, limits).Run();
}

}  // namespace coppice
