#include "trace/trace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status.h"
#include "trace/trace_text.h"

namespace coppice {
namespace {

constexpr mode_t kMode = 0644;
constexpr size_t kPieceBytes = size_t{1} << 20;

// Beside the file, so that a rename does not leave the file system.
std::string DraftOf(const std::string& file) { return absl::StrCat(file, ".", getpid(), ".new"); }

absl::Status WriteAll(int descriptor, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "write");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Creates the draft and writes it; when that fails, there is none.
absl::Status WriteDraft(const std::string& draft, absl::string_view text) {
  const int descriptor = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode);
  if (descriptor < 0) return ErrnoStatus(errno, absl::StrCat("create '", draft, "'"));
  absl::Status written = WriteAll(descriptor, text);
  // Some file systems tell only here that there was no room.
  if (close(descriptor) != 0 && written.ok()) written = ErrnoStatus(errno, "close");
  if (!written.ok()) unlink(draft.c_str());
  return Annotate(written, draft);
}

}  // namespace

absl::StatusOr<Trace> ReadTraceFile(const std::string& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return ErrnoStatus(errno, absl::StrCat("open the trace '", file, "'"));
  const auto close_it = absl::MakeCleanup([descriptor] { close(descriptor); });
  std::string text;
  while (true) {
    const size_t used = text.size();
    text.resize(used + kPieceBytes);
    const ssize_t count = read(descriptor, text.data() + used, kPieceBytes);
    if (count < 0 && errno != EINTR) {
      return ErrnoStatus(errno, absl::StrCat("read the trace '", file, "'"));
    }
    text.resize(used + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) break;
    if (text.size() > kTraceFileBytesMax) {
      return ErrnoStatus(EFBIG, absl::StrCat("read the trace '", file, "'"));
    }
  }
  absl::StatusOr<Trace> trace = ParseTrace(text);
  if (!trace.ok()) return Annotate(trace.status(), file);
  return trace;
}

absl::Status WriteTraceFile(const std::string& file, const Trace& trace) {
  const std::string draft = DraftOf(file);
  if (absl::Status status = WriteDraft(draft, TraceText(trace)); !status.ok()) return status;
  if (rename(draft.c_str(), file.c_str()) == 0) return absl::OkStatus();
  const absl::Status failed = ErrnoStatus(errno, absl::StrCat("replace '", file, "'"));
  unlink(draft.c_str());
  return failed;
}

absl::Status CheckTraceFile(const std::string& file) {
  struct stat status;
  if (stat(file.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return ErrnoStatus(EISDIR, absl::StrCat("write a trace to '", file, "'"));
  }
  const std::string draft = DraftOf(file);
  if (absl::Status written = WriteDraft(draft, ""); !written.ok()) return written;
  unlink(draft.c_str());
  return absl::OkStatus();
}

}  // namespace coppice
