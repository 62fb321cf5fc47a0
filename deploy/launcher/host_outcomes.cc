#include "deploy/launcher/host_outcomes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tree_builder/folded_hosts.h"
#include "tree_builder/member.h"

namespace coppice {
namespace {

constexpr size_t kStrayLinesMax = 10;
constexpr size_t kReasonBytesMax = 600;

// What the tools say after the true reason, of the end of their own children.
bool TellsOnlyTheEnd(absl::string_view line) {
  const std::string lower = absl::AsciiStrToLower(line);
  return absl::StrContains(lower, "exited with exit code") ||
         absl::StrContains(lower, "exit status") || absl::StrContains(lower, "exit code");
}

bool TellsOfNoConnection(absl::string_view line) {
  const std::string lower = absl::AsciiStrToLower(line);
  return absl::StrContains(lower, "connect to host ") ||
         absl::StrContains(lower, "could not resolve hostname") ||
         absl::StrContains(lower, "permission denied (");
}

// Open MPI's explanations name hosts by whose fault nothing is: the one that it runs on, and one
// that a message of its own was for when it gave up because of another.
bool NamesAHostInPassing(absl::string_view line) {
  return absl::StartsWith(line, "my node:") || absl::StartsWith(line, "target node:") ||
         absl::StartsWith(line, "HNP daemon");
}

// The reason in a line of a tool or of ssh: without the host, so that hosts with the same reason
// fold, and with the cure where we know one.
std::string ReasonIn(absl::string_view line, absl::string_view host) {
  const std::string lower = absl::AsciiStrToLower(line);
  if (absl::StrContains(lower, "connect to host ") || absl::StrContains(lower, "connection ")) {
    const size_t last = lower.rfind(": ");
    if (last != std::string::npos) return absl::StrCat("ssh: ", lower.substr(last + 2));
  }
  if (absl::StrContains(lower, "could not resolve hostname")) return "unknown host name";
  if (absl::StrContains(lower, "permission denied (") ||
      absl::StrContains(lower, "host key verification failed")) {
    return absl::StrCat("ssh refuses us (",
                        absl::StripAsciiWhitespace(line.substr(line.rfind(": ") + 1)),
                        "); 'ssh HOST true' must work without a question");
  }
  if (absl::StrContains(lower, "coppice_node") &&
      (absl::StrContains(lower, "no such file") || absl::StrContains(lower, "not found"))) {
    return "the programs are not there: they must lie on a file system that all nodes share";
  }
  absl::string_view rest = line;
  const size_t at = rest.find(absl::StrCat(host, ": "));
  if (at != absl::string_view::npos) rest.remove_prefix(at + host.size() + 2);
  std::string reason =
      absl::StrReplaceAll(absl::StripAsciiWhitespace(rest), {{std::string(host), "it"}});
  if (reason.size() > kReasonBytesMax) reason.resize(kReasonBytesMax);
  return reason;
}

}  // namespace

HostOutcomes::HostOutcomes(std::vector<std::string> hosts)
    : hosts_(std::move(hosts)), outcomes_(hosts_.size()) {
  for (size_t i = 0; i < hosts_.size(); ++i) {
    const std::string short_name(ShortHostName(hosts_[i]));
    if (short_name == hosts_[i]) continue;
    const auto [entry, is_new] = by_name_.emplace(short_name, static_cast<int>(i));
    if (!is_new) entry->second = -1;
  }
  for (size_t i = 0; i < hosts_.size(); ++i) by_name_[hosts_[i]] = static_cast<int>(i);
}

int HostOutcomes::FindHost(absl::string_view name) const {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  const auto found = by_name_.find(ShortHostName(name));
  return found == by_name_.end() ? -1 : found->second;
}

int HostOutcomes::FindHostNamedIn(absl::string_view line) const {
  for (size_t at = 0; at < line.size();) {
    size_t end = at;
    while (end < line.size() && IsHostNameCharacter(line[end])) ++end;
    if (end > at) {
      if (const auto found = by_name_.find(line.substr(at, end - at)); found != by_name_.end()) {
        return found->second;
      }
    }
    at = end + 1;
  }
  return -1;
}

void HostOutcomes::Settle(size_t host, NodeState state, bool told, std::string reason) {
  HostOutcome& outcome = outcomes_[host];
  // Its first word counts.
  if (outcome.settled) return;
  outcome.settled = true;
  outcome.state = state;
  outcome.told = told;
  outcome.reason = std::move(reason);
  ++settled_;
}

void HostOutcomes::TakeLine(absl::string_view line, int only_host) {
  line = absl::StripAsciiWhitespace(line);
  if (line.empty() || NamesAHostInPassing(line)) return;
  if (const auto said = FindNodeLine(line); said.has_value()) {
    int host = FindHost(said->host);
    // It may call itself something else than the tool does.
    if (host < 0) host = only_host >= 0 ? only_host : FindHostNamedIn(line);
    if (host >= 0) {
      outcomes_[static_cast<size_t>(host)].nothing_there = said->state != NodeState::kStarted;
      Settle(static_cast<size_t>(host), said->state, /*told=*/true, said->reason);
      return;
    }
  }
  const int host = only_host >= 0 ? only_host : FindHostNamedIn(line);
  if (host < 0) {
    if (stray_lines_.size() == kStrayLinesMax) stray_lines_.erase(stray_lines_.begin());
    stray_lines_.emplace_back(line);
    return;
  }
  HostOutcome& outcome = outcomes_[static_cast<size_t>(host)];
  if (outcome.settled) return;
  if (!outcome.reason.empty() && TellsOnlyTheEnd(line)) {
    Settle(static_cast<size_t>(host), NodeState::kError, /*told=*/true, outcome.reason);
    return;
  }
  outcome.nothing_there = TellsOfNoConnection(line);
  outcome.reason = ReasonIn(line, hosts_[static_cast<size_t>(host)]);
  // None of the tools tries again; some never say more of it (mpiexec of MPICH keeps the others).
  if (outcome.nothing_there) {
    Settle(static_cast<size_t>(host), NodeState::kError, /*told=*/true, outcome.reason);
  }
}

void HostOutcomes::ProcessEnded(const std::vector<size_t>& hosts, absl::string_view how) {
  for (const size_t host : hosts) {
    std::string reason = outcomes_[host].reason;
    const bool told = !reason.empty() || hosts.size() == 1;
    if (reason.empty()) reason = std::string(how);
    Settle(host, NodeState::kError, told, std::move(reason));
  }
}

size_t HostOutcomes::count(NodeState state) const {
  return static_cast<size_t>(std::count_if(
      outcomes_.begin(), outcomes_.end(),
      [state](const HostOutcome& outcome) { return outcome.settled && outcome.state == state; }));
}

std::vector<size_t> HostOutcomes::NotIn(NodeState state) const {
  std::vector<size_t> hosts;
  for (size_t i = 0; i < outcomes_.size(); ++i) {
    if (!outcomes_[i].settled || outcomes_[i].state != state) hosts.push_back(i);
  }
  return hosts;
}

std::vector<std::string> FoldReasons(const std::map<std::string, std::string>& reason_of_host,
                                     size_t lines_max) {
  std::map<std::string, std::vector<std::string>> hosts_of_reason;
  for (const auto& [host, reason] : reason_of_host) hosts_of_reason[reason].push_back(host);
  std::vector<std::pair<std::string, std::vector<std::string>>> groups(hosts_of_reason.begin(),
                                                                       hosts_of_reason.end());
  std::stable_sort(groups.begin(), groups.end(), [](const auto& left, const auto& right) {
    return left.second.size() > right.second.size();
  });
  std::vector<std::string> lines;
  size_t told = 0;
  for (const auto& [reason, hosts] : groups) {
    if (lines.size() == lines_max) {
      lines.push_back(absl::StrCat("and ", reason_of_host.size() - told, " more hosts"));
      break;
    }
    lines.push_back(absl::StrCat(FoldedHosts(hosts).Text(), ": ", reason));
    told += hosts.size();
  }
  return lines;
}

}  // namespace coppice
