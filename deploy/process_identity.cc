#include "deploy/process_identity.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "deploy/pidfd.h"

namespace coppice {
namespace {

// Fields are counted from 1 in proc(5); the first after the program's name is number 3.
constexpr size_t kFirstFieldAfterName = 3;
constexpr size_t kStateField = 3;
constexpr size_t kStartTicksField = 22;

// The fields from number 3 on. The name may hold spaces and parentheses: it ends at the last ')'.
std::vector<absl::string_view> FieldsAfterName(absl::string_view stat_text) {
  const size_t name_end = stat_text.rfind(')');
  if (name_end == absl::string_view::npos) return {};
  return absl::StrSplit(stat_text.substr(name_end + 1), absl::ByAnyChar(" \n"), absl::SkipEmpty());
}

std::string StatText(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

bool IsDead(absl::string_view stat_text) {
  const auto fields = FieldsAfterName(stat_text);
  return !fields.empty() && (fields[kStateField - kFirstFieldAfterName] == "Z" ||
                             fields[kStateField - kFirstFieldAfterName] == "X");
}

absl::Status Gone(pid_t pid) {
  return absl::NotFoundError(absl::StrCat("there is no process ", pid));
}

}  // namespace

absl::StatusOr<uint64_t> ParseStartTicks(absl::string_view stat_text) {
  const auto fields = FieldsAfterName(stat_text);
  uint64_t ticks = 0;
  if (fields.size() <= kStartTicksField - kFirstFieldAfterName ||
      !absl::SimpleAtoi(fields[kStartTicksField - kFirstFieldAfterName], &ticks)) {
    return absl::InvalidArgumentError(
        absl::StrCat("no start time in the process status '", stat_text, "'"));
  }
  return ticks;
}

absl::StatusOr<ProcessIdentity> IdentifyProcess(pid_t pid) {
  const std::string text = StatText(pid);
  if (text.empty()) return Gone(pid);
  const auto ticks = ParseStartTicks(text);
  if (!ticks.ok()) return ticks.status();
  return ProcessIdentity{pid, *ticks};
}

absl::StatusOr<FileDescriptor> OpenProcess(const ProcessIdentity& identity) {
  FileDescriptor process(OpenPidfd(identity.pid));
  if (!process.valid()) {
    if (errno == ESRCH) return Gone(identity.pid);
    return ErrnoStatus(errno, absl::StrCat("open process ", identity.pid));
  }
  // Compared after the opening: what the descriptor holds cannot be exchanged any more.
  const std::string text = StatText(identity.pid);
  if (text.empty() || IsDead(text)) return Gone(identity.pid);
  const auto ticks = ParseStartTicks(text);
  if (!ticks.ok()) return ticks.status();
  if (*ticks != identity.start_ticks) return Gone(identity.pid);
  return process;
}

}  // namespace coppice
