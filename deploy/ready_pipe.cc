#include "deploy/ready_pipe.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status.h"
#include "deploy/log_tail.h"

namespace coppice {
namespace {

constexpr absl::string_view kReady = "ready\n";
// The readable ones of WaitReadable, by their order there.
constexpr size_t kProgramEnded = 0;

}  // namespace

absl::StatusOr<ReadyPipe> ReadyPipe::Open() {
  auto pipe = OpenPipe();
  if (!pipe.ok()) return pipe.status();
  return ReadyPipe(*std::move(pipe));
}

absl::Status ReadyPipe::Wait(ChildProcess& program, const std::string& who,
                             const std::string& log_file, const WaitLimits& limits) {
  bool closed = false;
  while (true) {
    // After a close only the process's end tells more: a program closes its pipe by dying, too.
    const auto event =
        WaitReadable({program.pid_descriptor(), closed ? -1 : pipe_.read_end.get()}, limits);
    if (!event.ok()) {
      if (event.status().code() != absl::StatusCode::kDeadlineExceeded) {
        return Annotate(event.status(), who);
      }
      return ErrorWithLog(event.status().code(), absl::StrCat(who, " was not ready in time"),
                          log_file);
    }
    if (*event == kProgramEnded) {
      const auto end = program.Wait(limits);
      if (!end.ok()) return Annotate(end.status(), who);
      return ErrorWithLog(absl::StatusCode::kFailedPrecondition,
                          absl::StrCat(who, " ", end->Describe(), " before it was ready"),
                          log_file);
    }
    char buffer[kReady.size()];
    const ssize_t count = read(pipe_.read_end.get(), buffer, sizeof(buffer) - received_.size());
    if (count < 0 && errno != EINTR) {
      return ErrnoStatus(errno, absl::StrCat("read what ", who, " says"));
    }
    if (count == 0) closed = true;
    if (count > 0) received_.append(buffer, count);
    if (received_ == kReady) return absl::OkStatus();
    if (kReady.substr(0, received_.size()) != received_) {
      return ErrorWithLog(absl::StatusCode::kFailedPrecondition,
                          absl::StrCat(who, " said '", received_, "' instead of ready"), log_file);
    }
  }
}

}  // namespace coppice
