// A directory, and the view of it through the real programs: a chain of peer_servers, and a
// fuse_client at its end, so that every answer has crossed a network link between two peers.
//
// Everything lies in one directory of /tmp (a socket's path must be short), which goes with the
// object, after the programs were ended. They are killed when the test dies. Not thread-safe.
#ifndef COPPICE_DEPLOY_END_TO_END_MOUNTED_TREE_H_
#define COPPICE_DEPLOY_END_TO_END_MOUNTED_TREE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "deploy/child_process.h"

namespace coppice {

struct MountedTreeOptions {
  // Absolute; empty: the directory of the object.
  std::string export_root;
  // Absolute, and made already; empty: one of the object's.
  std::string mount_point;
  size_t node_count = 2;
  // The user that the peer at the root of the tree runs as; it needs root to ask for.
  std::optional<uid_t> root_user;
  std::vector<std::string> peer_flags;
  std::vector<std::string> client_flags;
};

class MountedTree {
 public:
  // Makes the directories; for root in private_mounts.h, so that what is mounted into them is seen
  // by the programs and nobody else. Failing to make them aborts the test.
  MountedTree();
  ~MountedTree();
  MountedTree(const MountedTree&) = delete;
  MountedTree& operator=(const MountedTree&) = delete;

  // The directory to fill, and the place of a name in it.
  std::string Original(absl::string_view name = "") const;
  // The same place seen through Coppice. REQUIRES: Mount returned OK.
  std::string Shown(absl::string_view name = "") const;
  // Another directory, outside both.
  const std::string& work() const { return work_; }

  // UNAVAILABLE when this machine cannot mount: the test is to be skipped. To be called once.
  absl::Status Mount(const MountedTreeOptions& options);

  // Ends the programs; the destructor does it too.
  void Unmount();

 private:
  absl::Status StartPeers(const MountedTreeOptions& options);
  absl::Status WriteTree(const std::vector<uint16_t>& ports);
  absl::Status StartPeer(const MountedTreeOptions& options, size_t node);
  absl::Status StartClient(const MountedTreeOptions& options);
  absl::Status StartProgram(std::vector<std::string> arguments, const std::string& who);
  std::string NodeDirectory(size_t node) const;
  std::string Socket(size_t node) const;

  const absl::Status private_mounts_;
  std::string work_;
  std::string mount_point_;
  // Peers, the root first, then the client.
  std::vector<ChildProcess> programs_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_MOUNTED_TREE_H_
