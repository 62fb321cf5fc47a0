// ServiceTest: a local service of the real programs, over a directory of the test's own or over the
// whole machine, with its mounts to be used by the test like any other path. Its processes can be
// killed one by one, and peers started again.
//
// Skips, loudly, where nothing can be mounted. Not thread-safe, but for what only reads: paths and
// statistics.
#ifndef COPPICE_DEPLOY_END_TO_END_DYNAMICS_SERVICE_FIXTURE_H_
#define COPPICE_DEPLOY_END_TO_END_DYNAMICS_SERVICE_FIXTURE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "deploy/child_process.h"
#include "deploy/inspection_client.h"
#include "deploy/local_service.h"
#include "deploy/service_record.h"
#include "gtest/gtest.h"

namespace coppice {

struct ServiceShape {
  size_t nodes = 3;
  uint32_t fanout = 2;
  uint32_t tree_count = 1;
  // Empty: the test's own directory.
  std::string export_root;
  // In addition to the export root.
  std::vector<std::string> peer_flags;
  std::vector<std::string> client_flags;
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest();
  ~ServiceTest() override;
  void SetUp() override;

  // Fails the test when it does not start.
  void Start(const ServiceShape& shape = {});
  absl::Status TryStart(const ServiceShape& shape);
  absl::Status Stop();

  // Where the file is in the backing file system, and how it is called under a node's mount.
  std::string Backing(absl::string_view name) const;
  std::string At(size_t node, absl::string_view name) const;
  const std::string& MountOf(size_t node) const;
  // Of its peer, for clients of this node.
  const std::string& SocketOf(size_t node) const;
  size_t nodes() const { return shape_.nodes; }
  // A directory that is not exported.
  const std::string& top() const { return top_; }

  PeerStatistics Ask(size_t node) const;
  // A counter of one layer of a node; 0 for one that is not there.
  uint64_t Counter(size_t node, const std::string& layer, const std::string& name) const;
  // Of the layer "backing", of all nodes together.
  uint64_t BackingCounter(const std::string& name) const;
  // One counter of the node's only mount.
  uint64_t MountCounter(size_t node, const std::string& name) const;
  // FUSE requests of the node's mount, but IOCTL.
  uint64_t FuseRequests(size_t node) const;

  // Asks that node; all nodes must have forgotten.
  void Invalidate(size_t node, const std::string& path, bool recursive = false) const;

  // kill -9, or SIGTERM, and waits for the end.
  void Kill(size_t node, ProcessRole role) const;
  void Terminate(size_t node, ProcessRole role) const;
  // Whether its process ends by itself.
  bool AwaitEnd(size_t node, ProcessRole role) const;
  // Stops it as SIGSTOP does, or lets it go on.
  void Signal(size_t node, ProcessRole role, int signal) const;
  // After Kill: starts the peer as it was, and waits until it serves.
  void StartPeerAgain(size_t node);

  // What the node's program logged.
  std::string LogOf(size_t node, ProcessRole role) const;

 private:
  void EndBy(int signal, size_t node, ProcessRole role) const;
  ProcessIdentity IdentityOf(size_t node, ProcessRole role) const;

  std::string top_;
  ServiceShape shape_;
  ProgramFiles programs_;
  std::unique_ptr<LocalService> service_;
  // Peers that were started again.
  std::vector<ChildProcess> restarted_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_DYNAMICS_SERVICE_FIXTURE_H_
