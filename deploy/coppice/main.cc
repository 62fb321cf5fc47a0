// coppice: one command for everything that a user does with Coppice. Its verbs are in verb.cc; a
// verb's command line is its own.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/called_as.h"
#include "deploy/coppice/help_text.h"
#include "deploy/coppice/verb.h"

namespace coppice {
namespace {

constexpr char kDescription[] =
    "Coppice: a read-only cooperative caching file system for supercomputers. One node reads each\n"
    "file once, the others fetch from each other; what is at /PATH is read as MOUNT/PATH.";
constexpr char kLesson[] =
    "A session:\n"
    "  coppice launch\n"
    "  eval \"$(coppice env --prefix=/lus/project/venv)\"\n"
    "  python3 train.py\n"
    "  coppice stop\n"
    "`coppice VERB --help` explains a verb.";

const Verb* FindVerb(const std::string& name) {
  for (const Verb& verb : Verbs()) {
    if (verb.name == name) return &verb;
  }
  return nullptr;
}

std::string Overview() {
  CLI::App app(kDescription, std::string(kCoppiceProgram));
  app.footer(kLesson);
  app.set_version_flag("--version", COPPICE_VERSION);
  for (const Verb& verb : Verbs()) app.add_subcommand(verb.name, verb.summary);
  app.add_subcommand("help", "explain a verb");
  return app.help();
}

int UnknownVerb(const std::string& name) {
  SayAs(kCoppiceProgram, absl::StrCat("there is no verb '", name, "'; 'coppice help' lists them"));
  return kExitUsage;
}

int Help(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
    fputs(Overview().c_str(), stdout);
    return 0;
  }
  const Verb* verb = FindVerb(arguments[0]);
  if (verb == nullptr) return UnknownVerb(arguments[0]);
  fputs(HelpOf(*verb).c_str(), stdout);
  return 0;
}

// Before a -- that starts a program of the user's, which may have a --help of its own.
bool AsksForHelp(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return false;
    if (argument == "--help" || argument == "-h") return true;
  }
  return false;
}

int Main(std::vector<std::string> arguments) {
  if (arguments.empty()) {
    fputs(Overview().c_str(), stderr);
    return kExitUsage;
  }
  const std::string name = arguments.front();
  arguments.erase(arguments.begin());
  if (name == "--version") {
    printf("coppice %s\n", COPPICE_VERSION);
    return 0;
  }
  if (name == "help" || name == "--help" || name == "-h") return Help(arguments);
  const Verb* verb = FindVerb(name);
  if (verb == nullptr) return UnknownVerb(name);
  if (AsksForHelp(arguments)) return Help({name});
  return verb->run(arguments);
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) { return coppice::Main({argv + 1, argv + argc}); }
