#include "bench/process_costs.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr uint64_t kBytesPerKilobyte = 1024;
// Fields of /proc/PID/stat after the name, which ends with the last ')': the third of proc(5) is
// the first here.
constexpr size_t kUserField = 11;
constexpr size_t kSystemField = 12;

// Empty when it is gone.
std::string ReadProcFile(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::Duration Ticks(absl::string_view text) {
  uint64_t ticks = 0;
  if (!absl::SimpleAtoi(text, &ticks)) return absl::ZeroDuration();
  return absl::Seconds(1) * static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void AddSwitches(const std::string& directory, ProcessCosts& costs) {
  std::error_code error;
  for (std::filesystem::directory_iterator task(directory + "/task", error), end;
       !error && task != end; task.increment(error)) {
    const std::string status = ReadProcFile(task->path().string() + "/status");
    costs.voluntary_switches += ProcField(status, "voluntary_ctxt_switches");
    costs.involuntary_switches += ProcField(status, "nonvoluntary_ctxt_switches");
  }
}

uint64_t Rise(uint64_t before, uint64_t after) { return after - std::min(before, after); }

}  // namespace

uint64_t ProcField(absl::string_view text, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, name) || !absl::ConsumePrefix(&line, ":")) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    uint64_t value = 0;
    if (words.empty() || !absl::SimpleAtoi(words[0], &value)) return 0;
    return words.size() > 1 && words[1] == "kB" ? value * kBytesPerKilobyte : value;
  }
  return 0;
}

absl::StatusOr<ProcessCosts> ReadProcessCosts(pid_t pid) {
  const std::string directory = absl::StrCat("/proc/", pid);
  clockid_t clock = 0;
  timespec time = {};
  if (const int error = clock_getcpuclockid(pid, &clock);
      error != 0 || clock_gettime(clock, &time) != 0) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  }
  ProcessCosts costs = {.cpu = absl::DurationFromTimespec(time)};
  const std::string stat = ReadProcFile(directory + "/stat");
  // The name may hold blanks and parentheses.
  const size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  }
  const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
  if (fields.size() > kSystemField) {
    costs.user = Ticks(fields[kUserField]);
    costs.system = Ticks(fields[kSystemField]);
  }
  AddSwitches(directory, costs);
  const std::string calls = ReadProcFile(directory + "/io");
  costs.read_calls = ProcField(calls, "syscr");
  costs.write_calls = ProcField(calls, "syscw");
  const std::string status = ReadProcFile(directory + "/status");
  costs.resident_bytes = ProcField(status, "VmRSS");
  costs.resident_bytes_max = ProcField(status, "VmHWM");
  return costs;
}

ProcessCosts CostsBetween(const ProcessCosts& before, const ProcessCosts& after) {
  ProcessCosts costs = after;
  costs.cpu = after.cpu - before.cpu;
  costs.user = after.user - before.user;
  costs.system = after.system - before.system;
  costs.voluntary_switches = Rise(before.voluntary_switches, after.voluntary_switches);
  costs.involuntary_switches = Rise(before.involuntary_switches, after.involuntary_switches);
  costs.read_calls = Rise(before.read_calls, after.read_calls);
  costs.write_calls = Rise(before.write_calls, after.write_calls);
  return costs;
}

}  // namespace coppice
