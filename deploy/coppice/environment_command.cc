// coppice env and coppice run.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/absolute_path.h"
#include "common/status.h"
#include "deploy/coppice/path_environment.h"
#include "deploy/coppice/running_services.h"
#include "deploy/coppice/shell_text.h"
#include "deploy/coppice/verb.h"
#include "deploy/launch_options.h"
#include "deploy/state_directory.h"

namespace coppice {
namespace {

constexpr char kEnv[] = "env";
constexpr char kRun[] = "run";
// As shells say it.
constexpr int kExitCannotExecute = 126;
constexpr int kExitNoSuchProgram = 127;

constexpr char kEnvDescription[] =
    "Prints shell code after which programs read what is in DIR through the mount. One variable,\n"
    "found out by looking at DIR: PYTHONPATH for Python packages and virtual environments, what\n"
    "`conda activate` sets for a conda environment, LD_LIBRARY_PATH for shared objects, PATH for\n"
    "DIR/bin. Links of DIR itself are followed; what would miss the mount is said.";
constexpr char kEnvExamples[] =
    "Examples:\n"
    "  eval \"$(coppice env --prefix=/lus/project/venv)\"\n"
    "      in sh, bash, zsh; in csh: eval `coppice env --shell=csh --prefix=DIR`\n"
    "  coppice env --prefix=/lus/project/app --what=path,lib\n"
    "      PATH and LD_LIBRARY_PATH, whatever else is there\n"
    "  coppice env --prefix=/lus/project/venv --shell=json\n"
    "Exit codes: 0 done, 1 not possible, and why, 2 usage.";
constexpr char kRunDescription[] =
    "Runs a program with the variables that `coppice env` would print: it reads what is in DIR\n"
    "through the mount. What comes after -- is the program and its arguments.";
constexpr char kRunExamples[] =
    "Examples:\n"
    "  coppice run --prefix=/lus/project/packages -- python3 train.py\n"
    "  coppice run -- python3 train.py\n"
    "      the active conda or virtual environment\n"
    "  coppice run --prefix=DIR -- srun --ntasks-per-node=8 python3 train.py\n"
    "      Slurm hands the environment on; mpiexec may need --genvall\n"
    "Exit codes: that of the program; 1 not possible, and why, 2 usage, 126 and 127 as shells have "
    "them.";

struct EnvironmentOptions {
  std::vector<std::string> prefixes;
  std::vector<std::string> what;
  std::string mount;
  std::string state_root = StateDirectory::DefaultRoot();
};

void AddOptions(CLI::App& app, EnvironmentOptions& options) {
  app.add_option("--what", options.what,
                 "conda, python, lib or path, instead of the first of them that DIR has")
      ->delimiter(',')
      ->check([](const std::string& name) {
        return KindOfName(name).has_value() ? "" : absl::StrCat("'", name, "' is none of them");
      });
  app.add_option("--mount", options.mount, "the mount, where there are several")
      ->type_name("MOUNT");
  app.add_option("--state_root", options.state_root, "where launch kept its state")
      ->capture_default_str();
}

std::optional<std::string> OwnVariable(const std::string& name) {
  const char* value = getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::make_optional<std::string>(value);
}

// One plan for all of the directories, in front of each other: the first comes first.
absl::StatusOr<EnvironmentPlan> Plan(const EnvironmentOptions& options) {
  const LaunchSurroundings surroundings = FindLaunchSurroundings();
  std::vector<PathKind> kinds;
  for (const std::string& name : options.what) kinds.push_back(*KindOfName(name));
  EnvironmentPlan all;
  std::map<std::string, std::string> values;
  const EnvironmentNow now = [&values](const std::string& name) {
    const auto changed = values.find(name);
    return changed != values.end() ? std::make_optional(changed->second) : OwnVariable(name);
  };
  for (auto prefix = options.prefixes.rbegin(); prefix != options.prefixes.rend(); ++prefix) {
    const std::string directory = AbsolutePath(*prefix, surroundings.working_directory);
    std::error_code error;
    const std::string real = std::filesystem::canonical(directory, error).string();
    if (error) return ErrnoStatus(error.value(), directory);
    const auto tree =
        ChooseMount({.state_root = options.state_root,
                     .mount = options.mount.empty()
                                  ? ""
                                  : AbsolutePath(options.mount, surroundings.working_directory),
                     .path = real,
                     .default_mount = absl::StrCat("/tmp/", surroundings.user, "/coppice")});
    if (!tree.ok()) return tree.status();
    auto plan = PlanEnvironment(directory, *tree, kinds, now);
    if (!plan.ok()) return plan.status();
    for (VariableChange& change : plan->variables) values[change.name] = std::move(change.value);
    all.scripts.insert(all.scripts.end(), plan->scripts.begin(), plan->scripts.end());
    all.notes.insert(all.notes.end(), plan->notes.begin(), plan->notes.end());
  }
  for (auto& [name, value] : values) all.variables.push_back({name, std::move(value)});
  return all;
}

ShellKind ShellOfName(const std::string& name) {
  if (name == "csh") return ShellKind::kCsh;
  if (name == "fish") return ShellKind::kFish;
  return name == "json" ? ShellKind::kJson : ShellKind::kSh;
}

// What an activation's scripts set, too, which only a shell can run.
std::vector<std::string> WithScripts(const EnvironmentPlan& plan,
                                     const std::vector<std::string>& command) {
  if (plan.scripts.empty()) return command;
  std::string code;
  for (const std::string& script : plan.scripts) {
    absl::StrAppend(&code, ". ", Quoted(script, ShellKind::kSh), "; ");
  }
  std::vector<std::string> arguments = {"/bin/sh", "-c", absl::StrCat(code, "exec \"$@\""), "sh"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return arguments;
}

// Returns only when it failed.
int Execute(const std::vector<std::string>& arguments) {
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  const int error_number = errno;
  Fail(kRun, ErrnoStatus(error_number, absl::StrCat("run '", arguments[0], "'")));
  return error_number == ENOENT ? kExitNoSuchProgram : kExitCannotExecute;
}

}  // namespace

int EnvMain(const std::vector<std::string>& arguments) {
  EnvironmentOptions options;
  std::string shell = "sh";
  CLI::App app(kEnvDescription, kEnv);
  app.footer(kEnvExamples);
  app.add_option("--prefix", options.prefixes, "what should be read through the mount")
      ->type_name("DIR")
      ->expected(1)
      ->take_all()
      ->required();
  app.add_option("--shell", shell, "the shell that reads it: sh, csh, fish, or json")
      ->check(CLI::IsMember({"sh", "csh", "fish", "json"}))
      ->type_name("SHELL")
      ->capture_default_str();
  AddOptions(app, options);
  if (const auto code = ParseVerb(app, arguments); code.has_value()) return *code;
  const auto plan = Plan(options);
  if (!plan.ok()) return Fail(kEnv, plan.status());
  for (const std::string& note : plan->notes) SayAs(kEnv, note);
  const std::string text = ShellText(*plan, ShellOfName(shell));
  if (fputs(text.c_str(), stdout) < 0 || fflush(stdout) != 0) {
    return Fail(kEnv, ErrnoStatus(errno, "write to standard output"));
  }
  return 0;
}

int RunMain(const std::vector<std::string>& arguments) {
  EnvironmentOptions options;
  CLI::App app(kRunDescription, kRun);
  app.footer(kRunExamples);
  app.add_option("--prefix", options.prefixes,
                 "what should be read through the mount (default: $CONDA_PREFIX or $VIRTUAL_ENV)")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  AddOptions(app, options);
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (const auto code = ParseVerb(app, {arguments.begin(), dashes}); code.has_value()) return *code;
  if (dashes == arguments.end() || dashes + 1 == arguments.end()) {
    SayAs(kRun, "there is no program after --, as in 'coppice run --prefix=DIR -- python3 x.py'");
    return kExitUsage;
  }
  for (const char* active : {"CONDA_PREFIX", "VIRTUAL_ENV"}) {
    const auto prefix = OwnVariable(active);
    if (options.prefixes.empty() && prefix.has_value()) options.prefixes.push_back(*prefix);
  }
  if (options.prefixes.empty()) {
    SayAs(kRun, "no environment is active ($CONDA_PREFIX, $VIRTUAL_ENV); give --prefix=DIR");
    return kExitUsage;
  }
  const auto plan = Plan(options);
  if (!plan.ok()) return Fail(kRun, plan.status());
  for (const std::string& note : plan->notes) SayAs(kRun, note);
  for (const VariableChange& change : plan->variables) {
    if (setenv(change.name.c_str(), change.value.c_str(), /*overwrite=*/1) != 0) {
      return Fail(kRun, ErrnoStatus(errno, change.name));
    }
  }
  return Execute(WithScripts(*plan, {dashes + 1, arguments.end()}));
}

}  // namespace coppice
