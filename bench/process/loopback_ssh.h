// ssh to this machine for the length of a benchmark: keys, a server and a client configuration of
// its own, in a directory of ours. No port is opened and no user's ssh is touched: the server runs
// on a pipe (sshd -i), one for each connection. That spares ssh a TCP connection, a little to its
// favour. Not thread-safe.
#ifndef COPPICE_BENCH_PROCESS_LOOPBACK_SSH_H_
#define COPPICE_BENCH_PROCESS_LOOPBACK_SSH_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "common/file_descriptor.h"

namespace coppice {

class LoopbackSsh {
 public:
  // NOT_FOUND names the program that is not installed. `directory` is made.
  static absl::StatusOr<LoopbackSsh> Prepare(const std::string& directory,
                                             const BenchContext& context);

  LoopbackSsh(LoopbackSsh&& other) noexcept;
  LoopbackSsh& operator=(LoopbackSsh&&) = delete;
  ~LoopbackSsh();

  // Mounts `tree` read-only, in the foreground; otherwise as sshfs comes.
  std::vector<std::string> SshfsCommand(const std::string& tree,
                                        const std::string& mount_point) const;

 private:
  explicit LoopbackSsh(std::string client_configuration);

  std::string client_configuration_;
  // The directory that sshd wants; made by us, so removed by us, unless another benchmark uses it
  // meanwhile: each holds a shared lock of the directory above, from before it looks for this one.
  FileDescriptor separation_lock_;
  bool made_separation_directory_ = false;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_LOOPBACK_SSH_H_
