#include "deploy/launcher/host_run.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {
namespace {

// Where inotify cannot tell (a file system that other machines write to), we look this often.
constexpr absl::Duration kLookAgain = absl::Milliseconds(200);
constexpr absl::Duration kEndGrace = absl::Seconds(3);
// Longer lines are cut into several.
constexpr size_t kLineBytesMax = 8192;

std::string DirectoryOf(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

class RunningTool {
 public:
  static absl::StatusOr<RunningTool> Start(const ToolProcess& process, std::string output) {
    std::vector<std::string> environment = OwnEnvironment();
    environment.insert(environment.end(), process.environment.begin(), process.environment.end());
    // One of an earlier run that was killed.
    unlink(output.c_str());
    auto child = ChildProcess::Start({.arguments = process.arguments,
                                      .environment = std::move(environment),
                                      .log_file = output,
                                      .new_session = true});
    if (!child.ok()) return child.status();
    FileDescriptor file(open(output.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return ErrnoStatus(errno, absl::StrCat("open '", output, "'"));
    return RunningTool(process.hosts, *std::move(child), std::move(output), std::move(file));
  }

  // Gives the whole lines that have come since the last time; at the end the last one, too.
  template <typename Take>
  void ReadLines(bool at_end, const Take& take) {
    char buffer[4096];
    ssize_t count = 0;
    while ((count = read(file_.get(), buffer, sizeof(buffer))) > 0) {
      for (ssize_t i = 0; i < count; ++i) {
        if (buffer[i] != '\n') line_.push_back(buffer[i]);
        if (buffer[i] == '\n' || line_.size() == kLineBytesMax) {
          take(line_);
          line_.clear();
        }
      }
    }
    if (at_end && !line_.empty()) take(std::exchange(line_, std::string()));
  }

  ChildProcess& process() { return process_; }
  const ChildProcess& process() const { return process_; }
  const std::vector<size_t>& hosts() const { return hosts_; }
  int only_host() const { return hosts_.size() == 1 ? static_cast<int>(hosts_[0]) : -1; }
  void RemoveOutput() const { unlink(output_.c_str()); }

 private:
  RunningTool(std::vector<size_t> hosts, ChildProcess process, std::string output,
              FileDescriptor file)
      : hosts_(std::move(hosts)),
        process_(std::move(process)),
        output_(std::move(output)),
        file_(std::move(file)) {}

  std::vector<size_t> hosts_;
  ChildProcess process_;
  std::string output_;
  FileDescriptor file_;
  std::string line_;
};

class HostRunByTool final : public HostRun {
 public:
  HostRunByTool(const LauncherTool& tool, const HostCommand& command, std::string output_prefix)
      : tool_name_(tool.name()),
        output_prefix_(std::move(output_prefix)),
        outcomes_(command.hosts),
        inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    for (ToolProcess& process : tool.Processes(command)) waiting_.push_back(std::move(process));
    if (inotify_.valid()) {
      inotify_add_watch(inotify_.get(), DirectoryOf(output_prefix_).c_str(), IN_MODIFY);
    }
  }

  ~HostRunByTool() override {
    for (RunningTool& tool : running_) {
      if (!detached_) tool.process().Terminate(kEndGrace).IgnoreError();
      if (!detached_) tool.RemoveOutput();
    }
  }

  absl::Status Run(const OnChange& on_change, const WaitLimits& limits) override {
    while (true) {
      StartSome();
      const size_t settled = outcomes_.settled();
      TakeOutput();
      TakeEnds();
      if (outcomes_.settled() != settled || !told_) {
        told_ = true;
        if (!on_change(outcomes_)) return absl::OkStatus();
      }
      if (outcomes_.all_settled()) return absl::OkStatus();
      if (absl::Status status = AwaitNews(limits); !status.ok()) return status;
    }
  }

  const HostOutcomes& outcomes() const override { return outcomes_; }

  std::vector<pid_t> processes() const override {
    std::vector<pid_t> pids;
    for (const RunningTool& tool : running_) pids.push_back(tool.process().pid());
    return pids;
  }

  void Detach() override {
    detached_ = true;
    for (RunningTool& tool : running_) tool.process().Detach();
  }

 private:
  void StartSome() {
    while (!waiting_.empty() && running_.size() < kToolProcessesMax) {
      const ToolProcess process = std::move(waiting_.front());
      waiting_.pop_front();
      auto started = RunningTool::Start(
          process, absl::StrCat(output_prefix_, tool_name_, "-", ++started_, ".log"));
      if (started.ok()) {
        running_.push_back(*std::move(started));
      } else {
        outcomes_.ProcessEnded(process.hosts, started.status().message());
      }
    }
  }

  void TakeOutput() {
    for (RunningTool& tool : running_) TakeOutputOf(tool, /*at_end=*/false);
  }

  void TakeOutputOf(RunningTool& tool, bool at_end) {
    tool.ReadLines(at_end,
                   [&](const std::string& line) { outcomes_.TakeLine(line, tool.only_host()); });
  }

  void TakeEnds() {
    for (size_t i = 0; i < running_.size();) {
      RunningTool& tool = running_[i];
      const auto end = tool.process().Wait({.deadline = absl::InfinitePast()});
      if (!end.ok()) {
        ++i;
        continue;
      }
      TakeOutputOf(tool, /*at_end=*/true);
      std::string how = absl::StrCat(tool_name_, " ", end->Describe(), " without a word from it");
      if (!outcomes_.stray_lines().empty()) {
        absl::StrAppend(&how, "; it said: ", outcomes_.stray_lines().back());
      }
      outcomes_.ProcessEnded(tool.hosts(), how);
      tool.RemoveOutput();
      running_.erase(running_.begin() + static_cast<ptrdiff_t>(i));
    }
  }

  // Returns when something may have changed.
  absl::Status AwaitNews(const WaitLimits& limits) {
    std::vector<int> descriptors = {inotify_.get()};
    for (const RunningTool& tool : running_) {
      descriptors.push_back(tool.process().pid_descriptor());
    }
    const absl::Time look_again = absl::Now() + kLookAgain;
    const auto news =
        WaitReadable(descriptors, {.deadline = std::min(limits.deadline, look_again),
                                   .interrupt_descriptor = limits.interrupt_descriptor});
    if (news.ok() && *news == 0) ForgetEvents();
    const bool only_looking = !news.ok() &&
                              news.status().code() == absl::StatusCode::kDeadlineExceeded &&
                              look_again < limits.deadline;
    return news.ok() || only_looking ? absl::OkStatus() : news.status();
  }

  // What they say is in the files.
  void ForgetEvents() {
    alignas(inotify_event) char buffer[4096];
    while (read(inotify_.get(), buffer, sizeof(buffer)) > 0) {
    }
  }

  const std::string tool_name_;
  const std::string output_prefix_;
  HostOutcomes outcomes_;
  const FileDescriptor inotify_;
  std::deque<ToolProcess> waiting_;
  std::deque<RunningTool> running_;
  size_t started_ = 0;
  bool told_ = false;
  bool detached_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HostRun>> HostRun::Create(const LauncherTool& tool,
                                                         HostCommand command,
                                                         std::string output_prefix) {
  const std::string directory = DirectoryOf(output_prefix);
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return ErrnoStatus(errno, absl::StrCat("write into '", directory, "'"));
  }
  return std::make_unique<HostRunByTool>(tool, command, std::move(output_prefix));
}

}  // namespace coppice
