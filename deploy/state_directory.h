// Where a service that was launched on this machine keeps what stop must know: a directory of its
// own in a directory of the user's, both closed to everybody else.
//
//   /tmp/coppice-UID/SERVICE/service.json      what runs (service_record.h)
//   /tmp/coppice-UID/SERVICE/tree              the tree file
//   /tmp/coppice-UID/SERVICE/NODE/             peer.sock, peer.log, client.log
//
// /tmp belongs to everybody, so a directory that another user put in our place, or a symbolic link,
// is refused. Whoever holds a StateDirectory holds its lock (flock(2)): launch and stop of one
// service exclude each other, across processes. Not thread-safe.
#ifndef COPPICE_DEPLOY_STATE_DIRECTORY_H_
#define COPPICE_DEPLOY_STATE_DIRECTORY_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/file_descriptor.h"

namespace coppice {

class StateDirectory {
 public:
  // /tmp/coppice-UID of the calling user.
  static std::string DefaultRoot();
  // Letters, digits, '-', '_' and '.', not first a '.'; at most 64.
  static absl::Status CheckServiceName(absl::string_view service);
  // The services that have a directory, sorted; none when there is no root.
  static absl::StatusOr<std::vector<std::string>> List(const std::string& root);

  // Makes it as needed. FAILED_PRECONDITION when it is not safely ours, UNAVAILABLE when another
  // process holds it.
  static absl::StatusOr<StateDirectory> Create(const std::string& root, const std::string& service);
  // The same, but NOT_FOUND where there is none.
  static absl::StatusOr<StateDirectory> Open(const std::string& root, const std::string& service);

  // The text of a file of it, without the lock: whoever holds that may be at work. NOT_FOUND where
  // there is none.
  static absl::StatusOr<std::string> Peek(const std::string& root, const std::string& service,
                                          absl::string_view name);

  const std::string& path() const { return path_; }
  const std::string& service() const { return service_; }
  std::string File(absl::string_view name) const;

  // The directory of one node; made as needed.
  absl::StatusOr<std::string> MakeNodeDirectory(absl::string_view node) const;
  // Replaces the file in one step: a reader sees the old or the new, also after a crash.
  absl::Status WriteFile(absl::string_view name, absl::string_view text) const;
  absl::StatusOr<std::string> ReadFile(absl::string_view name) const;
  // Removes the directory with all that is in it, and the root when nothing else is in that. Never
  // follows a symbolic link or goes into a mount.
  absl::Status Remove();

 private:
  StateDirectory(std::string root, std::string service, FileDescriptor directory);
  // NOT_FOUND: it was removed between the opening and the locking; try again.
  static absl::StatusOr<StateDirectory> OpenAndLock(const std::string& root,
                                                    const std::string& service);

  std::string root_;
  std::string service_;
  std::string path_;
  FileDescriptor directory_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_STATE_DIRECTORY_H_
