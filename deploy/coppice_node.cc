// coppice_node: starts, stops or checks one node's part of a service, on that node. Run there by
// launch and stop through a launcher tool; people have no need for it.
//
// Prints one line (launcher/node_line.h) and ends with 0 once that is said, so that no tool takes
// the failure of one node for one of the job; 2 for usage. `start` of a job that is to stay ends
// with the node's programs.
#include <limits.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "common/status.h"
#include "deploy/cpu_binding.h"
#include "deploy/interruption.h"
#include "deploy/launcher/node_job.h"
#include "deploy/launcher/node_line.h"
#include "deploy/launcher/node_service.h"

namespace coppice {
namespace {

constexpr int kExitUsage = 2;

struct Arguments {
  std::string verb;
  std::string job;
  std::string host;
};

std::string NameForErrors(const std::string& host) {
  if (!host.empty()) return host;
  char own[HOST_NAME_MAX + 1] = {};
  return gethostname(own, HOST_NAME_MAX) == 0 ? own : "unknown";
}

// Nobody may be left to read it: the launcher may be gone, and what was started stays.
void Say(const std::string& host, NodeState state, absl::string_view reason = "") {
  printf("%s\n", NodeLineText({host, state, std::string(reason)}).c_str());
  fflush(stdout);
}

absl::Status Start(const NodeJob& job, const std::string& name) {
  const auto interruption = Interruption::Catch();
  if (!interruption.ok()) return interruption.status();
  // Its programs inherit it.
  const auto binding = CpuBinding::OfThisThread(job.cpus);
  if (!binding.ok()) return Annotate(binding.status(), "--cpus");
  auto service = NodeService::Start(job, name, interruption->descriptor());
  if (!service.ok()) return service.status();
  if (!job.stay) (*service)->Detach();
  Say(name, NodeState::kReady);
  if (job.stay) (*service)->Await();
  return absl::OkStatus();
}

int Run(const Arguments& arguments) {
  const auto job = ParseNodeJob(arguments.job);
  if (!job.ok()) {
    fprintf(stderr, "coppice_node: %s\n", std::string(job.status().message()).c_str());
    return kExitUsage;
  }
  const auto found = FindOwnName(*job, arguments.host);
  const std::string name = found.ok() ? *found : NameForErrors(arguments.host);
  absl::Status status;
  if (arguments.verb == "start") {
    status = found.ok() ? Start(*job, name) : found.status();
  } else if (arguments.verb == "stop") {
    status = StopNode(*job);
    if (status.ok()) Say(name, NodeState::kStopped);
  } else {
    status = CheckNode(*job);
    if (status.ok()) Say(name, NodeState::kReady);
  }
  if (!status.ok()) Say(name, NodeState::kError, status.message());
  return 0;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  coppice::Arguments arguments;
  CLI::App app("Starts, stops or checks one node's part of a Coppice service, on that node.",
               "coppice_node");
  app.add_option("verb", arguments.verb, "what to do")
      ->check(CLI::IsMember({"start", "stop", "status"}))
      ->required();
  app.add_option("job", arguments.job, "the job, as launch writes it")->required();
  app.add_option("--host", arguments.host, "this machine's name in the job");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : coppice::kExitUsage;
  }
  return coppice::Run(arguments);
}
