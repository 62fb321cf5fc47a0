// A node on this machine: its own network, mounts, hostname and processes (namespaces(7)), held by
// a PID 1 of its own. /tmp, /usr and all other files are the machine's, as on nodes with a shared
// file system. When its PID 1 ends, so does everything in it, and its mounts and network are gone;
// PID 1 ends with us.
//
// Needs root. The network namespace that we are in ourselves is left untouched. Not thread-safe;
// create from a thread that outlives the node.
#ifndef COPPICE_DEPLOY_NODE_NAMESPACE_H_
#define COPPICE_DEPLOY_NODE_NAMESPACE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"
#include "deploy/child_process.h"

namespace coppice {

class NodeNamespace {
 public:
  // A node of that hostname with its loopback up and its own /proc. The errno of clone(2) with the
  // node's name on failure; EPERM: not root.
  static absl::StatusOr<NodeNamespace> Create(const std::string& hostname);

  NodeNamespace(NodeNamespace&& other) noexcept;
  NodeNamespace& operator=(NodeNamespace&&) = delete;
  // Ends all that is in it. Destroy the ChildProcesses that were started in it before: the kernel
  // keeps a node as long as one of them is not reaped.
  ~NodeNamespace();

  const std::string& hostname() const { return hostname_; }
  // Of its PID 1, as seen from here.
  pid_t pid() const { return pid_; }
  // For ChildProcessOptions: a process started with them is in the node altogether.
  NamespaceDescriptors descriptors() const;
  // Only in the node's network, as tools that set it up are.
  NamespaceDescriptors network_only() const { return {.network = network_.get()}; }

 private:
  NodeNamespace(std::string hostname, pid_t pid) : hostname_(std::move(hostname)), pid_(pid) {}
  absl::Status OpenDescriptors();

  std::string hostname_;
  pid_t pid_;
  FileDescriptor pidfd_;
  FileDescriptor network_;
  FileDescriptor mount_;
  FileDescriptor uts_;
  FileDescriptor pid_namespace_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_NODE_NAMESPACE_H_
