// coppice_node: starts or stops one node's part of a service, on that node. Run there by launch and
// stop through a launcher tool; people have no need for it.
//
// Prints one line (launcher/node_line.h) and ends with 0 once that is said, so that no tool takes
// the failure of one node for one of the job; 2 for usage. After `start` a process stays that keeps
// the node's programs (launcher/node_keeper.h): this one for a job that is to stay, else one in the
// background.
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "common/own_host_name.h"
#include "common/status.h"
#include "deploy/cpu_binding.h"
#include "deploy/interruption.h"
#include "deploy/launcher/background.h"
#include "deploy/launcher/node_job.h"
#include "deploy/launcher/node_keeper.h"
#include "deploy/launcher/node_line.h"
#include "deploy/launcher/node_place.h"
#include "deploy/launcher/node_stop.h"

namespace coppice {
namespace {

constexpr int kExitUsage = 2;
// For the process in the background, whose time is over, to take back what it did and say why.
constexpr absl::Duration kTellGrace = absl::Seconds(5);

struct Arguments {
  std::string verb;
  std::string job;
  std::string host;
};

std::string NameForErrors(const std::string& host) {
  if (!host.empty()) return host;
  const std::string own = OwnHostName();
  return own.empty() ? "unknown" : own;
}

// Nobody may be left to read it: the launcher may be gone, and what was started stays.
void Say(const std::string& host, NodeState state, absl::string_view reason = "") {
  printf("%s\n", NodeLineText({host, state, std::string(reason)}).c_str());
  fflush(stdout);
}

// Until the service ends; `tell` hears how its start went.
void Keep(const NodeJob& job, const std::string& name,
          const std::function<void(const absl::Status&)>& tell) {
  const auto interruption = Interruption::Catch();
  if (!interruption.ok()) return tell(interruption.status());
  // Its programs inherit it.
  const auto binding = CpuBinding::OfThisThread(job.cpus);
  if (!binding.ok()) return tell(Annotate(binding.status(), "--cpus"));
  const auto keeper = NodeKeeper::Start(job, name, interruption->descriptor());
  tell(keeper.status());
  if (keeper.ok()) (*keeper)->Keep();
}

absl::Status KeepInBackground(const NodeJob& job, const std::string& name) {
  const auto interruption = Interruption::Catch();
  if (!interruption.ok()) return interruption.status();
  return StartInBackground([&](const auto& tell) { Keep(job, name, tell); },
                           {.deadline = absl::Now() + job.timeout + kTellGrace,
                            .interrupt_descriptor = interruption->descriptor()});
}

void Start(const NodeJob& job, const std::string& name) {
  const auto say = [&name](const absl::Status& status) {
    if (status.ok()) return Say(name, NodeState::kStarted);
    Say(name, NodeState::kError, status.message());
  };
  if (job.stay) {
    Keep(job, name, say);
  } else {
    say(KeepInBackground(job, name));
  }
}

int Run(const Arguments& arguments) {
  const auto job = ParseNodeJob(arguments.job);
  if (!job.ok()) {
    fprintf(stderr, "coppice_node: %s\n", std::string(job.status().message()).c_str());
    return kExitUsage;
  }
  const auto found = FindOwnName(*job, arguments.host);
  const std::string name = found.ok() ? *found : NameForErrors(arguments.host);
  if (arguments.verb == "stop") {
    const absl::Status stopped = StopNode(*job);
    Say(name, stopped.ok() ? NodeState::kStopped : NodeState::kError, stopped.message());
  } else if (found.ok()) {
    Start(*job, name);
  } else {
    Say(name, NodeState::kError, found.status().message());
  }
  return 0;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  coppice::Arguments arguments;
  CLI::App app("Starts or stops one node's part of a Coppice service, on that node.",
               "coppice_node");
  app.add_option("verb", arguments.verb, "what to do")
      ->check(CLI::IsMember({"start", "stop"}))
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
