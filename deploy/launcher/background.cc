#include "deploy/launcher/background.h"

#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/pipe.h"

namespace coppice {
namespace {

// What is told: a byte with the code, and the message.
void Tell(FileDescriptor& write_end, const absl::Status& status) {
  std::string text(1, static_cast<char>(status.code()));
  absl::StrAppend(&text, status.message());
  // A pipe takes as much at once; who does not listen any more does not matter.
  text.resize(std::min(text.size(), size_t{PIPE_BUF}));
  if (write(write_end.get(), text.data(), text.size()) < 0) return;
  write_end.Reset();
}

void DropStandardDescriptors() {
  const FileDescriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    dup2(null.get(), standard);
  }
}

// All that is told; empty when nothing was.
absl::StatusOr<std::string> ReadToEnd(const FileDescriptor& read_end, const WaitLimits& limits) {
  std::string text;
  while (true) {
    const auto readable = WaitReadable({read_end.get()}, limits);
    if (!readable.ok()) return readable.status();
    char buffer[PIPE_BUF];
    const ssize_t count = read(read_end.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "read from the process in the background");
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace

absl::Status StartInBackground(
    const std::function<void(const std::function<void(const absl::Status&)>& tell)>& work,
    const WaitLimits& limits) {
  auto pipe = OpenPipe();
  if (!pipe.ok()) return pipe.status();
  const pid_t child = fork();
  if (child < 0) return ErrnoStatus(errno, "fork");
  if (child == 0) {
    pipe->read_end.Reset();
    setsid();
    DropStandardDescriptors();
    work([&pipe](const absl::Status& status) { Tell(pipe->write_end, status); });
    // As after exec: nothing of the parent's is flushed or destroyed twice.
    _exit(0);
  }
  pipe->write_end.Reset();
  const auto told = ReadToEnd(pipe->read_end, limits);
  if (!told.ok() || told->empty()) {
    kill(child, SIGTERM);
    waitpid(child, nullptr, 0);
    if (!told.ok()) return told.status();
    return absl::UnavailableError("the process in the background ended without a word");
  }
  const auto code = static_cast<absl::StatusCode>((*told)[0]);
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  waitpid(child, nullptr, 0);
  return absl::Status(code, told->substr(1));
}

}  // namespace coppice
