// The verbs of the coppice command. Each has its own command line and its own --help, from which
// the manual pages and the completion are made (help_text.h); this is the list of them, and what
// they share. Not thread-safe: verbs print.
#ifndef COPPICE_DEPLOY_COPPICE_VERB_H_
#define COPPICE_DEPLOY_COPPICE_VERB_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coppice {

inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

struct Verb {
  std::string name;
  // One line.
  std::string summary;
  // Takes what follows the verb, gives the exit code.
  std::function<int(const std::vector<std::string>&)> run;
};

// In the order in which they are listed.
const std::vector<Verb>& Verbs();

int StatusMain(const std::vector<std::string>& arguments);
int EnvMain(const std::vector<std::string>& arguments);
int RunMain(const std::vector<std::string>& arguments);
int TreeMain(const std::vector<std::string>& arguments);
int StatsMain(const std::vector<std::string>& arguments);
int InvalidateMain(const std::vector<std::string>& arguments);

// nullopt: go on; else the exit code, after the help or the mistake was printed.
std::optional<int> ParseVerb(CLI::App& app, const std::vector<std::string>& arguments);

// Prints it to standard error, as the verb's.
void SayAs(absl::string_view verb, absl::string_view text);

// Says what went wrong; kExitFailure.
int Fail(absl::string_view verb, const absl::Status& status);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_VERB_H_
