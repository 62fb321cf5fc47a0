#include <cerrno>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/status.h"
#include "deploy/called_as.h"
#include "deploy/launcher/allocation.h"
#include "deploy/launcher/cluster_record.h"
#include "deploy/launcher/cluster_service.h"
#include "deploy/launcher/cluster_stop.h"
#include "deploy/service_stop.h"
#include "deploy/state_directory.h"
#include "deploy/stop_command.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

constexpr char kDescription[] =
    "Ends the Coppice services that you launched on this machine or on the hosts of this job:\n"
    "unmounts, ends their processes and removes what was made for them. Also after a crash, and\n"
    "safe to run again.";
constexpr char kExamples[] =
    "Examples:\n"
    "  bazel run //deploy:stop                   ends all of your services\n"
    "  bazel run //deploy:stop -- --name=work    ends one\n"
    "Exit codes: 0 nothing is running any more, 1 something could not be ended, 2 usage.";

void Say(absl::string_view text) { fprintf(stderr, "stop: %s\n", AsCalled(text).c_str()); }

struct Options {
  // Where services are looked for: those on many hosts first, since one of their nodes may be here.
  std::vector<std::string> roots;
  // Empty: all, but those on the hosts of other jobs.
  std::string name;
  absl::Duration timeout;
  bool forget = false;
};

// What there was to do.
struct Tally {
  size_t stopped = 0;
  bool failed = false;
  // Services of other jobs, by name.
  std::set<std::string> left_alone;
};

// Whether the service is on the hosts of a job that we are not in.
bool IsOfAnotherJob(const StateDirectory& state) {
  const auto text = state.ReadFile(kClusterRecordFile);
  if (!text.ok()) return false;
  const auto record = ParseClusterRecord(*text);
  return record.ok() && record->job != JobName(ReadJobEnvironment());
}

absl::Status StopIn(StateDirectory& state, const Options& options) {
  if (!state.ReadFile(kClusterRecordFile).ok()) return StopService(state, {.progress = Say});
  return StopCluster(state,
                     {.timeout = options.timeout, .forget_lost = options.forget, .progress = Say});
}

void StopOne(const std::string& root, const std::string& service, const Options& options,
             Tally& tally) {
  if (tally.left_alone.contains(service)) return;
  auto state = StateDirectory::Open(root, service);
  if (!state.ok() && StatusErrno(state.status()) == ENOENT) return;
  if (state.ok() && options.name.empty() && IsOfAnotherJob(*state)) {
    Say(absl::StrCat("service '", service, "' belongs to another job; --name=", service,
                     " ends it"));
    tally.left_alone.insert(service);
    return;
  }
  const absl::Status status = state.ok() ? StopIn(*state, options) : state.status();
  if (!status.ok()) {
    Say(status.message());
    tally.failed = true;
    return;
  }
  Say(absl::StrCat("service '", service, "' has ended"));
  ++tally.stopped;
}

int Stop(const Options& options) {
  Tally tally;
  for (const std::string& root : options.roots) {
    std::vector<std::string> services = {options.name};
    if (options.name.empty()) {
      auto listed = StateDirectory::List(root);
      if (!listed.ok()) {
        Say(listed.status().message());
        return kExitFailure;
      }
      services = *std::move(listed);
    }
    for (const std::string& service : services) StopOne(root, service, options, tally);
  }
  if (!tally.failed && tally.stopped == 0 && tally.left_alone.empty()) {
    Say(options.name.empty() ? "nothing is running"
                             : absl::StrCat("there is no service '", options.name, "'"));
  }
  return tally.failed ? kExitFailure : 0;
}

std::string CheckTimeout(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration()) return "";
  return absl::StrCat("'", text, "' is no duration; write for example 60s or 2m");
}

}  // namespace

int StopMain(const std::vector<std::string>& arguments) {
  Options options;
  std::string root;
  std::string timeout = "60s";
  CLI::App app(kDescription, "stop");
  app.footer(kExamples);
  app.add_option("--name", options.name, "the service to end (default: all of yours)")
      ->check([](const std::string& text) {
        return std::string(StateDirectory::CheckServiceName(text).message());
      });
  app.add_option("--state_root", root,
                 absl::StrCat("where launch kept its state (default: ", DefaultClusterRoot(),
                              " and ", StateDirectory::DefaultRoot(), ")"));
  app.add_option("--timeout", timeout, "for all hosts of a service together")
      ->check(CheckTimeout)
      ->capture_default_str();
  app.add_flag("--forget", options.forget, "give up hosts that cannot be reached");
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  absl::ParseDuration(timeout, &options.timeout);
  options.roots = {root};
  if (root.empty()) {
    options.roots = {DefaultClusterRoot(), StateDirectory::DefaultRoot()};
  }
  return Stop(options);
}

}  // namespace coppice
