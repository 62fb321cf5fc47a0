#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/called_as.h"
#include "deploy/service_stop.h"
#include "deploy/state_directory.h"
#include "deploy/stop_command.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

constexpr char kDescription[] =
    "Ends the Coppice services that you launched on this machine: unmounts, ends their processes\n"
    "and removes what was made for them. Also after a crash, and safe to run again.";
constexpr char kExamples[] =
    "Examples:\n"
    "  bazel run //deploy:stop                   ends all of your services\n"
    "  bazel run //deploy:stop -- --name=work    ends one\n"
    "Exit codes: 0 nothing is running any more, 1 something could not be ended, 2 usage.";

void Say(absl::string_view text) { fprintf(stderr, "stop: %s\n", AsCalled(text).c_str()); }

// Whether the service is gone; counts it when it was there.
bool StopOne(const std::string& root, const std::string& service, size_t& stopped) {
  auto state = StateDirectory::Open(root, service);
  if (!state.ok() && StatusErrno(state.status()) == ENOENT) return true;
  const absl::Status status = state.ok() ? StopService(*state, {.progress = Say}) : state.status();
  if (!status.ok()) {
    Say(status.message());
    return false;
  }
  Say(absl::StrCat("service '", service, "' has ended"));
  ++stopped;
  return true;
}

int Stop(const std::string& root, const std::string& name) {
  std::vector<std::string> services = {name};
  if (name.empty()) {
    auto listed = StateDirectory::List(root);
    if (!listed.ok()) {
      Say(listed.status().message());
      return kExitFailure;
    }
    services = *std::move(listed);
  }
  size_t stopped = 0;
  int result = 0;
  for (const std::string& service : services) {
    if (!StopOne(root, service, stopped)) result = kExitFailure;
  }
  if (result == 0 && stopped == 0) {
    Say(name.empty() ? "nothing is running" : absl::StrCat("there is no service '", name, "'"));
  }
  return result;
}

}  // namespace

int StopMain(const std::vector<std::string>& arguments) {
  std::string root = StateDirectory::DefaultRoot();
  std::string name;
  CLI::App app(kDescription, "stop");
  app.footer(kExamples);
  app.add_option("--name", name, "the service to end (default: all of yours)")
      ->check([](const std::string& text) {
        return std::string(StateDirectory::CheckServiceName(text).message());
      });
  app.add_option("--state_root", root, "where launch kept its state")->capture_default_str();
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return Stop(root, name);
}

}  // namespace coppice
