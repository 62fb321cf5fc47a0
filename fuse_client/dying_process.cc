#include "fuse_client/dying_process.h"

#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace coppice {

bool HasKillPending(absl::string_view status_text) {
  for (absl::string_view line : absl::StrSplit(status_text, '\n')) {
    // Of the thread, and of its process.
    if (!absl::ConsumePrefix(&line, "SigPnd:") && !absl::ConsumePrefix(&line, "ShdPnd:")) continue;
    uint64_t pending = 0;
    if (!absl::SimpleHexAtoi(absl::StripAsciiWhitespace(line), &pending)) continue;
    if ((pending >> (SIGKILL - 1) & 1) != 0) return true;
  }
  return false;
}

bool IsDying(pid_t thread) {
  if (thread <= 0) return false;
  std::ifstream file(absl::StrCat("/proc/", thread, "/status"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return HasKillPending(text);
}

}  // namespace coppice
