// A service on this machine: N nodes, each a peer_server and a fuse_client, with a tree over them.
// Either plain processes that share the machine's network, with their own ports and mount points,
// or nodes with namespaces of their own (node_namespace.h).
//
// Start returns when every mount is proven to serve, or else with an error that names the node and
// shows the end of its log, and with everything that was started ended again. Not thread-safe;
// start from the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_LOCAL_SERVICE_H_
#define COPPICE_DEPLOY_LOCAL_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/child_process.h"
#include "deploy/program_files.h"
#include "deploy/service_record.h"

namespace coppice {

// More share of one machine would measure nothing but its scheduler.
inline constexpr size_t kLocalNodesMax = 256;

struct LocalServiceOptions {
  // Where StateDirectory keeps the service; empty: StateDirectory::DefaultRoot().
  std::string state_root;
  std::string service = "local";
  size_t node_count = 1;
  // Absolute. A single node mounts here, each of several at its own directory within, by its name.
  std::string mount_directory;
  uint32_t fanout = 2;
  // At most the nodes.
  uint32_t tree_count = 1;
  ProgramFiles programs;
  // Further flags.
  std::vector<std::string> peer_flags;
  std::vector<std::string> client_flags;
  // Each node with its own network, mounts, hostname and processes. Needs root.
  bool own_namespaces = false;
  // The service ends when this program does, however it does.
  bool end_with_launcher = false;
  // For all of Start.
  absl::Duration timeout = absl::Seconds(60);
  // Ends a Start early (interruption.h); -1: nothing does.
  int interrupt_descriptor = -1;
  // Is told what happens; required.
  std::function<void(absl::string_view)> progress;
  // How a mount is proven to serve; empty: ProbeMount.
  std::function<absl::Status(const std::string& mount_point, const NamespaceDescriptors& namespaces,
                             const std::string& who, const std::string& log_file,
                             const WaitLimits& limits)>
      probe;
  // How the peer at this socket is told, and proves its way to the roots; empty: ReportMountRead.
  std::function<absl::Status(const std::string& socket, absl::Time deadline)> report_probe;
};

class LocalService {
 public:
  static absl::StatusOr<std::unique_ptr<LocalService>> Start(LocalServiceOptions options);

  virtual ~LocalService() = default;  // Stops it, unless Stop or Detach were called.

  // In the order of the tree: the root first.
  virtual const std::vector<NodeRecord>& nodes() const = 0;
  // For starting processes on the node.
  virtual NamespaceDescriptors NamespacesOf(size_t node) const = 0;
  // Where its logs are, one directory for each node.
  virtual const std::string& state_path() const = 0;

  // Ends it. `keep_logs` leaves the state directory.
  virtual absl::Status Stop(bool keep_logs) = 0;
  // Leaves it running; stop finds it by its state directory. REQUIRES: neither own_namespaces nor
  // end_with_launcher.
  virtual void Detach() = 0;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LOCAL_SERVICE_H_
