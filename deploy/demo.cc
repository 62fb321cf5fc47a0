// bazel run //deploy:demo: shows on one machine what Coppice does for many nodes.
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "deploy/demo_report.h"
#include "deploy/demo_session.h"
#include "deploy/import_workload.h"
#include "deploy/interruption.h"
#include "deploy/local_service.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
constexpr uint32_t kFanoutMin = 1;
constexpr uint32_t kFanoutMax = 1024;

constexpr char kDescription[] =
    "Starts several nodes on this machine, imports a Python module through Coppice on all of them\n"
    "at the same moment, and shows the times beside the local disk's, and what reached the "
    "backing\n"
    "file system beside what one process needs. As root each node has its own network, mounts,\n"
    "hostname and processes.";
constexpr char kExamples[] =
    "Examples:\n"
    "  bazel run //deploy:demo                              numpy on seven nodes\n"
    "  bazel run //deploy:demo -- --nodes=16 --module=scipy\n"
    "  bazel run //deploy:demo -- --json | tail -n 1        figures for a program\n"
    "Exit codes: 0 everything held, 1 something did not, 2 usage.";

void Say(absl::string_view text) {
  fprintf(stderr, "demo: %.*s\n", static_cast<int>(text.size()), text.data());
}

int Demonstrate(DemoOptions& options, bool json) {
  DemoReport report;
  const auto interruption = Interruption::Catch();
  absl::Status status = interruption.status();
  if (interruption.ok()) {
    options.interrupt_descriptor = interruption->descriptor();
    options.progress = Say;
    status = RunDemo(options, report);
  }
  // With --json, standard output is for the program that reads it.
  if (!report.nodes.empty()) fputs(ReportText(report).c_str(), json ? stderr : stdout);
  if (!status.ok()) Say(status.message());
  if (json) printf("%s\n", ReportJson(report, status).c_str());
  return status.ok() ? 0 : kExitFailure;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  coppice::DemoOptions options;
  bool json = false;
  CLI::App app(coppice::kDescription, "demo");
  app.footer(coppice::kExamples);
  app.add_option("--nodes", options.nodes, "how many")
      ->check(CLI::Range(size_t{1}, coppice::kLocalNodesMax))
      ->capture_default_str();
  app.add_option("--module", options.module, "the Python module that is imported")
      ->check([](const std::string& module) {
        return std::string(coppice::CheckModuleName(module).message());
      })
      ->capture_default_str();
  app.add_option("--fanout", options.fanout, "children of a node in the tree")
      ->check(CLI::Range(coppice::kFanoutMin, coppice::kFanoutMax))
      ->capture_default_str();
  app.add_flag("--json", json, "one JSON object on the last line of standard output");
  app.add_flag("--keep_logs", options.keep_logs, "leave the nodes' logs and say where");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : coppice::kExitUsage;
  }
  return coppice::Demonstrate(options, json);
}
