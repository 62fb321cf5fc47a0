#include "deploy/coppice/cluster_status.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/launcher/cluster_record.h"
#include "deploy/launcher/node_job.h"
#include "deploy/root_readiness.h"
#include "deploy/state_directory.h"
#include "nlohmann/json.hpp"
#include "tree_builder/folded_hosts.h"
#include "tree_builder/tree_file.h"
#include "tree_builder/tree_place.h"

namespace coppice {
namespace {

struct Service {
  std::string name;
  ClusterRecord record;
};

// Sorted by name.
std::vector<Service> ServicesOnHosts(const ClusterChoice& choice) {
  std::vector<Service> found;
  const auto services = StateDirectory::List(choice.state_root);
  if (!services.ok()) return found;
  for (const std::string& service : *services) {
    if (!choice.service.empty() && service != choice.service) continue;
    const auto text = StateDirectory::Peek(choice.state_root, service, kClusterRecordFile);
    auto record = text.ok() ? ParseClusterRecord(*text) : text.status();
    if (!record.ok()) continue;
    const bool is_of_another_job =
        !choice.job.empty() && !record->job.empty() && record->job != choice.job;
    if (choice.service.empty() && is_of_another_job) continue;
    found.push_back({service, *std::move(record)});
  }
  return found;
}

// The one of that name; the root of tree 0 for none.
absl::StatusOr<Member> FindMember(const ClusterRecord& record, const std::string& node) {
  const auto job = ParseNodeJob(record.node_job);
  if (!job.ok()) return job.status();
  const auto tree = ReadTreeFile(job->tree_file);
  if (!tree.ok()) return tree.status();
  if (node.empty()) return tree->members()[tree->trees().Root(0)];
  auto place = FindPlace(*tree, node);
  if (!place.ok()) return place.status();
  return std::move(place->self);
}

std::string TreeFileOf(const ClusterRecord& record) {
  const auto job = ParseNodeJob(record.node_job);
  return job.ok() ? job->tree_file : "";
}

ClusterStatus AskOne(const std::string& service, const ClusterRecord& record,
                     const AskReadiness& ask) {
  ClusterStatus status = {.service = service,
                          .launcher = record.launcher,
                          .host_count = record.hosts.size(),
                          .hosts = FoldedHosts(record.hosts).Text()};
  auto root = FindMember(record, "");
  if (!root.ok()) {
    status.asked = Annotate(root.status(), "find its root");
    return status;
  }
  status.root = std::move(root->name);
  status.address = root->AddressIn(0);
  auto readiness = ask(status.address, TreeFileOf(record));
  status.asked = readiness.status();
  if (readiness.ok()) status.readiness = *std::move(readiness);
  return status;
}

// A line for each set of nodes; one that only repeats the set before says nothing.
void AppendLacking(const v1::GetReadinessReply& readiness, std::string& text) {
  const std::pair<absl::string_view, std::string> lacking[] = {
      {"not connected", readiness.not_connected()},
      {"not mounted", readiness.not_mounted()},
      {"not proven", readiness.not_proven()}};
  std::string before;
  for (const auto& [what, who] : lacking) {
    if (!who.empty() && who != before) absl::StrAppend(&text, "  ", what, ": ", who, "\n");
    before = who;
  }
  if (readiness.lost() > 0) absl::StrAppend(&text, "  lost: ", readiness.lost_members(), "\n");
  for (const v1::MemberProblem& problem : readiness.problems()) {
    absl::StrAppend(&text, "  ", problem.node(), ": ", problem.text(), "\n");
  }
  if (readiness.problems_dropped() > 0) {
    absl::StrAppend(&text, "  and ", readiness.problems_dropped(), " further problems\n");
  }
}

}  // namespace

bool ClusterStatus::well() const {
  return asked.ok() && readiness.proven() == readiness.total() && readiness.lost() == 0 &&
         readiness.problems().empty();
}

absl::StatusOr<v1::GetReadinessReply> AskRoot(const std::string& address,
                                              const std::string& tree_file) {
  v1::GetReadinessRequest request;
  request.set_tree_file(tree_file);
  return RootReadiness::At(address)->Ask(request, {.deadline = absl::Now() + kRootAnswerMax});
}

std::vector<ClusterStatus> AskClusters(const ClusterChoice& choice, const AskReadiness& ask) {
  std::vector<ClusterStatus> statuses;
  for (const Service& service : ServicesOnHosts(choice)) {
    statuses.push_back(AskOne(service.name, service.record, ask));
  }
  return statuses;
}

absl::StatusOr<std::string> FindPeerOnHosts(const ClusterChoice& choice, const std::string& node) {
  absl::Status last = absl::NotFoundError("no service was launched on hosts");
  for (const Service& service : ServicesOnHosts(choice)) {
    const auto member = FindMember(service.record, node);
    if (member.ok()) return member->AddressIn(0);
    last = Annotate(member.status(), absl::StrCat("service '", service.name, "'"));
  }
  return last;
}

std::string ClusterStatusText(const ClusterStatus& status) {
  std::string text = absl::StrCat("service '", status.service, "' on ", status.host_count,
                                  " hosts, ", status.hosts, ", by ", status.launcher, "\n");
  if (!status.asked.ok()) {
    absl::StrAppend(&text, "  its root",
                    status.root.empty() ? "" : absl::StrCat(", ", status.root, ","),
                    " cannot be asked: ", status.asked.message(), "\n");
    return text;
  }
  const v1::GetReadinessReply& readiness = status.readiness;
  absl::StrAppend(&text, "  ", readiness.proven(), " of ", readiness.total(), " nodes proven (",
                  readiness.connected(), " connected, ", readiness.mounted(), " mounted, ",
                  readiness.warm() > 0 ? absl::StrCat(readiness.warm(), " warm, ") : "",
                  readiness.lost(), " lost), says the root, ", status.root, " at ", status.address,
                  "\n");
  AppendLacking(readiness, text);
  return text;
}

nlohmann::ordered_json ClusterStatusJson(const ClusterStatus& status) {
  const v1::GetReadinessReply& readiness = status.readiness;
  nlohmann::ordered_json json = {{"service", status.service},   {"launcher", status.launcher},
                                 {"hosts", status.hosts},       {"root", status.root},
                                 {"address", status.address},   {"well", status.well()},
                                 {"answers", status.asked.ok()}};
  if (!status.asked.ok()) {
    json["error"] = std::string(status.asked.message());
    return json;
  }
  json["total"] = readiness.total();
  json["connected"] = readiness.connected();
  json["mounted"] = readiness.mounted();
  json["proven"] = readiness.proven();
  json["warm"] = readiness.warm();
  json["lost"] = readiness.lost();
  json["not_connected"] = readiness.not_connected();
  json["not_mounted"] = readiness.not_mounted();
  json["not_proven"] = readiness.not_proven();
  json["lost_members"] = readiness.lost_members();
  json["problems"] = nlohmann::ordered_json::array();
  for (const v1::MemberProblem& problem : readiness.problems()) {
    json["problems"].push_back({{"node", problem.node()}, {"problem", problem.text()}});
  }
  json["problems_dropped"] = readiness.problems_dropped();
  return json;
}

}  // namespace coppice
