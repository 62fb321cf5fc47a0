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

// Creates the draft and writes it; when that fails, there is none. Errors name the file that it is
// for.
absl::Status WriteDraft(const std::string& file, absl::string_view text) {
  const std::string draft = DraftOf(file);
  const int descriptor = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode);
  if (descriptor < 0) return ErrnoStatus(errno, absl::StrCat("write the trace '", file, "'"));
  absl::Status written = WriteAll(descriptor, text);
  // Some file systems tell only here that there was no room.
  if (close(descriptor) != 0 && written.ok()) written = ErrnoStatus(errno, "close");
  if (!written.ok()) unlink(draft.c_str());
  return Annotate(written, file);
}

}  // namespace

absl::StatusOr<Trace> ReadTraceFile(const std::string& file) {
  // Without O_NONBLOCK, opening a pipe may wait for its writer for ever.
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return ErrnoStatus(errno, absl::StrCat("open the trace '", file, "'"));
  const auto close_it = absl::MakeCleanup([descriptor] { close(descriptor); });
  struct stat status;
  if (fstat(descriptor, &status) != 0) return ErrnoStatus(errno, file);
  if (!S_ISREG(status.st_mode)) {
    return ErrnoStatus(S_ISDIR(status.st_mode) ? EISDIR : EINVAL,
                       absl::StrCat("read the trace '", file, "', which is no regular file"));
  }
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
  if (absl::Status status = WriteDraft(file, TraceText(trace)); !status.ok()) return status;
  const std::string draft = DraftOf(file);
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
  if (absl::Status written = WriteDraft(file, ""); !written.ok()) return written;
  unlink(DraftOf(file).c_str());
  return absl::OkStatus();
}

}  // namespace coppice
