// coppice status.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/coppice/cluster_status.h"
#include "deploy/coppice/running_services.h"
#include "deploy/coppice/status_report.h"
#include "deploy/coppice/verb.h"
#include "deploy/launcher/allocation.h"
#include "deploy/launcher/cluster_service.h"
#include "deploy/state_directory.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

constexpr char kVerb[] = "status";
constexpr int kExitNothingRuns = 1;
constexpr int kExitNotWell = 3;

constexpr char kDescription[] =
    "Says of each node that you launched on this machine whether its processes live, its mount is\n"
    "there and its peer answers, and what it has done so far; and of each service that you "
    "launched\n"
    "on hosts, how many of its nodes are proven to serve, as the root of its tree knows. In a "
    "job,\n"
    "services of other jobs are left out.";
constexpr char kExamples[] =
    "Examples:\n"
    "  coppice status\n"
    "      a table, one row a node; a few lines for a service on hosts\n"
    "  coppice status --json\n"
    "      the same for programs\n"
    "Exit codes: 0 all is well, 1 nothing runs, or nothing that runs answers, 2 usage, 3 "
    "something\n"
    "is not well.";

struct Found {
  StatusReport here;
  std::vector<ClusterStatus> on_hosts;

  bool well() const {
    return here.well() && std::all_of(on_hosts.begin(), on_hosts.end(),
                                      [](const ClusterStatus& status) { return status.well(); });
  }
  bool anything_answers() const {
    return !here.empty() ||
           std::any_of(on_hosts.begin(), on_hosts.end(),
                       [](const ClusterStatus& status) { return status.asked.ok(); });
  }
};

void Print(const Found& found) {
  fputs(StatusTable(found.here).c_str(), stdout);
  for (const ClusterStatus& status : found.on_hosts) {
    fputs(ClusterStatusText(status).c_str(), stdout);
  }
  if (found.here.empty()) {
    SayAs(kVerb, found.on_hosts.empty() ? "nothing is running on this machine"
                                        : "nothing of it is running on this machine");
  }
}

void PrintJson(const Found& found) {
  nlohmann::ordered_json json = StatusJson(found.here);
  json["well"] = found.well();
  json["services_on_hosts"] = nlohmann::ordered_json::array();
  for (const ClusterStatus& status : found.on_hosts) {
    json["services_on_hosts"].push_back(ClusterStatusJson(status));
  }
  puts(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

}  // namespace

int StatusMain(const std::vector<std::string>& arguments) {
  std::string root;
  std::string service;
  bool json = false;
  CLI::App app(kDescription, kVerb);
  app.footer(kExamples);
  app.add_flag("--json", json, "JSON instead of a table");
  app.add_option("--name", service, "only this service (default: all of yours)");
  app.add_option("--state_root", root,
                 absl::StrCat("where launch kept its state (default: ", DefaultClusterRoot(),
                              " and ", StateDirectory::DefaultRoot(), ")"));
  if (const auto code = ParseVerb(app, arguments); code.has_value()) return *code;
  auto services = ListServices(root.empty() ? StateDirectory::DefaultRoot() : root);
  if (!services.ok()) return Fail(kVerb, services.status());
  std::erase_if(*services,
                [&](const RunningService& one) { return !service.empty() && one.name != service; });
  const Found found = {AskStatus(*services),
                       AskClusters({.state_root = root.empty() ? DefaultClusterRoot() : root,
                                    .service = service,
                                    .job = JobName(ReadJobEnvironment())})};
  if (json) {
    PrintJson(found);
  } else {
    Print(found);
  }
  if (!found.anything_answers()) return kExitNothingRuns;
  return found.well() ? 0 : kExitNotWell;
}

}  // namespace coppice
