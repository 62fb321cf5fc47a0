#include "deploy/mount_probe.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/log_tail.h"

namespace coppice {
namespace {

// stat(1) says the type of the file system, ls reads the directory; both are on any Linux. The
// names themselves are thrown away.
constexpr char kProbe[] =
    "type=$(stat -f -c %T -- \"$1\") || exit 1; "
    "case $type in fuseblk|fuse) ;; *) echo \"a $type is there, not the mount\"; exit 1;; esac; "
    "stat -c %i -- \"$1\" >/dev/null && ls -f -- \"$1\" >/dev/null";

}  // namespace

absl::Status ProbeMount(const std::string& mount_point, const NamespaceDescriptors& namespaces,
                        const std::string& who, const std::string& log_file,
                        const WaitLimits& limits) {
  auto probe = ChildProcess::Start({.arguments = {"/bin/sh", "-c", kProbe, "probe", mount_point},
                                    .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"},
                                    .log_file = log_file,
                                    .new_session = true,
                                    .namespaces = namespaces});
  if (!probe.ok()) return Annotate(probe.status(), who);
  const auto end = probe->Wait(limits);
  const std::string what = absl::StrCat(who, ": its mount '", mount_point, "' ");
  if (end.ok() && end->success()) return absl::OkStatus();
  if (end.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, "cannot be read; the end of its log:\n", LogTail(log_file)));
  }
  if (end.status().code() != absl::StatusCode::kDeadlineExceeded)
    return Annotate(end.status(), who);
  return absl::DeadlineExceededError(
      absl::StrCat(what, "did not answer in time; the end of its log:\n", LogTail(log_file)));
}

}  // namespace coppice
