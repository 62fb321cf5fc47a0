// What is known of each host while a command runs on all of them: fed with the lines that the
// launcher tool prints, whoever wrote them.
//
// A node's own line (node_line.h) settles its host, and so does ssh, when it says that it made no
// connection ("ssh: connect to host node003 port 22: Connection refused"). Any other line that
// names a host, or comes from a process that serves one host only, is kept as that host's last
// word: it is the reason when the host never says a line of its own. Not thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_HOST_OUTCOMES_H_
#define COPPICE_DEPLOY_LAUNCHER_HOST_OUTCOMES_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "deploy/launcher/node_line.h"

namespace coppice {

struct HostOutcome {
  // Whether the host said its line, or is known to never say one.
  bool settled = false;
  NodeState state = NodeState::kError;
  // Of an error: whether somebody said so of this very host. Else the tool ended, for whatever
  // reason, before the host had said its line.
  bool told = false;
  // Nothing was started there: the host said so itself, or no connection was made.
  bool nothing_there = false;
  // Of an error. Of a host that is not settled: the last that was said of it, or nothing.
  std::string reason;
};

class HostOutcomes {
 public:
  // REQUIRES: names differ.
  explicit HostOutcomes(std::vector<std::string> hosts);

  // One line of output. `only_host`: the one host that its process serves; -1: any.
  void TakeLine(absl::string_view line, int only_host = -1);
  // The process that served these hosts has ended: what they have not said they never will.
  // `how`: the end in words; the reason where nothing else is known.
  void ProcessEnded(const std::vector<size_t>& hosts, absl::string_view how);

  const std::vector<std::string>& hosts() const { return hosts_; }
  const HostOutcome& operator[](size_t host) const { return outcomes_[host]; }
  size_t settled() const { return settled_; }
  size_t count(NodeState state) const;
  bool all_settled() const { return settled_ == hosts_.size(); }
  // In the order of the hosts.
  std::vector<size_t> NotIn(NodeState state) const;
  // The last lines that nobody could be found for, oldest first.
  const std::vector<std::string>& stray_lines() const { return stray_lines_; }

 private:
  int FindHost(absl::string_view name) const;
  int FindHostNamedIn(absl::string_view line) const;
  void Settle(size_t host, NodeState state, bool told, std::string reason);

  const std::vector<std::string> hosts_;
  std::vector<HostOutcome> outcomes_;
  // By name; and by short name, -1 where several have it.
  absl::flat_hash_map<std::string, int> by_name_;
  size_t settled_ = 0;
  std::vector<std::string> stray_lines_;
};

// One line for each reason, the commonest first: "node[007,031]: connection refused". At most
// `lines_max`, and a last one that counts the rest.
std::vector<std::string> FoldReasons(const std::map<std::string, std::string>& reason_of_host,
                                     size_t lines_max = 20);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_HOST_OUTCOMES_H_
