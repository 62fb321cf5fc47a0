// Writes the manual pages and the bash completion of the coppice command into a directory, when the
// package is built.
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "deploy/coppice/manual.h"
#include "deploy/coppice/verb.h"
#include "deploy/launch_options.h"
#include "deploy/state_directory.h"

namespace coppice {
namespace {

bool Write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) fprintf(stderr, "pages: cannot write '%s'\n", path.c_str());
  return !file.fail();
}

// Defaults that hold the name or number of who builds are anybody's in the pages.
std::string HelpForAll(const Verb& verb) {
  return absl::StrReplaceAll(
      HelpOf(verb), {{absl::StrCat("/tmp/", FindLaunchSurroundings().user, "/"), "/tmp/$USER/"},
                     {StateDirectory::DefaultRoot(), "/tmp/coppice-$UID"}});
}

// The build has to know the files before there are any.
bool AreAllVerbs(const std::vector<std::string>& named) {
  std::vector<std::string> all;
  for (const Verb& verb : Verbs()) all.push_back(verb.name);
  if (named == all) return true;
  fprintf(stderr, "pages: VERBS of package_facts.bzl are '%s', those of verb.cc '%s'\n",
          absl::StrJoin(named, " ").c_str(), absl::StrJoin(all, " ").c_str());
  return false;
}

int WriteAll(const std::string& directory) {
  std::vector<VerbHelp> verbs;
  for (const Verb& verb : Verbs()) {
    auto help = ParseHelpText(HelpForAll(verb));
    if (!help.ok()) {
      fprintf(stderr, "pages: %s: %s\n", verb.name.c_str(),
              std::string(help.status().message()).c_str());
      return kExitFailure;
    }
    verbs.push_back({verb.name, verb.summary, *std::move(help)});
  }
  bool written = Write(directory + "/coppice.1", CommandPage(verbs, COPPICE_VERSION)) &&
                 Write(directory + "/coppice.bash", BashCompletion(verbs));
  for (const VerbHelp& verb : verbs) {
    written = written && Write(absl::StrCat(directory, "/coppice-", verb.name, ".1"),
                               VerbPage(verb, verbs, COPPICE_VERSION));
  }
  return written ? 0 : kExitFailure;
}

}  // namespace

int PagesMain(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    fputs("usage: pages DIRECTORY VERB...\n", stderr);
    return kExitUsage;
  }
  if (!AreAllVerbs({arguments.begin() + 1, arguments.end()})) return kExitFailure;
  return WriteAll(arguments[0]);
}

}  // namespace coppice

int main(int argc, char** argv) { return coppice::PagesMain({argv + 1, argv + argc}); }
