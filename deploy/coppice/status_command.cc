// coppice status.
#include <cstdio>
#include <string>
#include <vector>

#include "deploy/coppice/running_services.h"
#include "deploy/coppice/status_report.h"
#include "deploy/coppice/verb.h"
#include "deploy/launcher/cluster_record.h"
#include "deploy/launcher/cluster_service.h"
#include "deploy/state_directory.h"
#include "tree_builder/folded_hosts.h"

namespace coppice {
namespace {

constexpr char kVerb[] = "status";
constexpr int kExitNothingRuns = 1;
constexpr int kExitNotWell = 3;

constexpr char kDescription[] =
    "Says of each node that you launched on this machine whether its processes live, its mount is\n"
    "there and its peer answers, and what it has done so far.";
constexpr char kExamples[] =
    "Examples:\n"
    "  coppice status\n"
    "      a table, one row a node\n"
    "  coppice status --json\n"
    "      the same for programs\n"
    "Exit codes: 0 all is well, 1 nothing runs, 2 usage, 3 something is not well.";

// Services that were launched on other hosts are told of there.
void TellOfClusters() {
  const std::string root = DefaultClusterRoot();
  const auto services = StateDirectory::List(root);
  if (!services.ok()) return;
  for (const std::string& service : *services) {
    const auto text = StateDirectory::Peek(root, service, kClusterRecordFile);
    const auto record = text.ok() ? ParseClusterRecord(*text) : text.status();
    if (!record.ok()) continue;
    SayAs(kVerb, absl::StrCat("service '", service, "' was launched on ", record->hosts.size(),
                              " hosts, ", FoldedHosts(record->hosts).ShortText(),
                              "; 'coppice status' on one of them tells of it"));
  }
}

}  // namespace

int StatusMain(const std::vector<std::string>& arguments) {
  std::string root = StateDirectory::DefaultRoot();
  bool json = false;
  CLI::App app(kDescription, kVerb);
  app.footer(kExamples);
  app.add_flag("--json", json, "JSON instead of a table");
  app.add_option("--state_root", root, "where launch kept its state")->capture_default_str();
  if (const auto code = ParseVerb(app, arguments); code.has_value()) return *code;
  const auto services = ListServices(root);
  if (!services.ok()) return Fail(kVerb, services.status());
  const StatusReport report = AskStatus(*services);
  fputs((json ? StatusJson(report) : StatusTable(report)).c_str(), stdout);
  if (report.empty()) {
    SayAs(kVerb, "nothing is running on this machine");
    TellOfClusters();
    return kExitNothingRuns;
  }
  return report.well() ? 0 : kExitNotWell;
}

}  // namespace coppice
