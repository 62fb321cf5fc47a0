// TestCluster: a tree, or several, of real nodes in one process, over a temporary directory, each
// with its own sockets, as the local client and the children would use them.
//
// Not thread-safe, but for the sources it hands out.
#ifndef COPPICE_PEER_SERVER_TESTING_TEST_CLUSTER_H_
#define COPPICE_PEER_SERVER_TESTING_TEST_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "peer_server/node.h"
#include "proto/inspection.grpc.pb.h"
#include "proto/inspection.pb.h"
#include "source/block_allocator.h"
#include "source/source.h"
#include "tree_builder/tree_file.h"

namespace coppice {

class TestCluster {
 public:
  // What the nodes are told that their tree file is, to know their job by; there is no such file.
  static constexpr char kTreeFile[] = "/shared/job/tree";

  // Makes the directories and starts all nodes, the root of tree 0 (node 0) first. Aborts when that
  // fails.
  TestCluster(size_t node_count, uint32_t fanout, CacheStackOptions stack = {},
              uint32_t tree_count = 1, absl::Duration stop_timeout = absl::Seconds(30));
  // Stops what runs and removes the directories.
  ~TestCluster();

  // The export root, with a slash at its end.
  const std::string& export_root() const { return export_root_; }
  void WriteFile(const std::string& path, const std::string& bytes);

  size_t size() const { return nodes_.size(); }
  std::string SocketOf(size_t index) const;

  // What the mount of that node would ask.
  Source& client(size_t index) { return *members_[index].client; }
  v1::Inspection::Stub& inspection(size_t index) { return *members_[index].inspection; }

  // A counter of a layer of that node, by its inspection service.
  uint64_t Counter(size_t index, const std::string& layer, const std::string& counter);
  // The sum over all layers of that node with such a name, or with it and a tree behind: "parent"
  // is also "parent_2". 0 without one.
  uint64_t Total(size_t index, const std::string& layer, const std::string& counter);

  const Trees& trees() const { return trees_.trees(); }

  // Waits until that node was stopped by the tree, and then shuts it down as its main would. False
  // when that does not come.
  bool AwaitStopped(size_t index);

  void Stop(size_t index);
  void Start(size_t index);

 private:
  struct MemberState {
    std::unique_ptr<Source> client;
    std::unique_ptr<v1::Inspection::Stub> inspection;
  };

  std::string AddressOf(size_t index) const;
  // Of node0, node1, ...
  TreeFile MakeTrees(size_t node_count, uint32_t fanout, uint32_t tree_count) const;

  const CacheStackOptions stack_;
  const absl::Duration stop_timeout_;
  const std::string directory_;
  const std::string export_root_;
  const TreeFile trees_;
  RealClock clock_;
  std::unique_ptr<BlockAllocator> allocator_ = MakeHeapBlockAllocator();
  Mutex mutex_;
  CondVar stopped_changed_;
  std::vector<bool> stopped_ ABSL_GUARDED_BY(mutex_);  // by on_stopped
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<MemberState> members_;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_TESTING_TEST_CLUSTER_H_
