#include "deploy/coppice/verb.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "deploy/called_as.h"
#include "deploy/launch_command.h"
#include "deploy/stop_command.h"
#include "deploy/warm_command.h"

namespace coppice {

const std::vector<Verb>& Verbs() {
  static const auto& verbs = *new std::vector<Verb>{
      {"launch", "start Coppice, and return when every mount is proven to serve", LaunchMain},
      {"stop", "end what launch started, also after a crash", StopMain},
      {"status", "say whether what was launched is well", StatusMain},
      {"env", "print the variables with which programs read a directory through the mount",
       EnvMain},
      {"run", "run a program with those variables", RunMain},
      {"warm", "read ahead through a mount what a recording says", WarmMain},
      {"tree", "draw the tree of the nodes", TreeMain},
      {"stats", "print the counters of a node", StatsMain},
      {"invalidate", "make every node forget a path that was changed", InvalidateMain},
  };
  return verbs;
}

std::optional<int> ParseVerb(CLI::App& app, const std::vector<std::string>& arguments) {
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return std::nullopt;
}

void SayAs(absl::string_view verb, absl::string_view text) {
  fprintf(stderr, "%s: %s\n", std::string(verb).c_str(), AsCalled(text).c_str());
}

int Fail(absl::string_view verb, const absl::Status& status) {
  SayAs(verb, status.message());
  return kExitFailure;
}

}  // namespace coppice
