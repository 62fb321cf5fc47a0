#include "deploy/coppice/path_environment.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace coppice {
namespace {

namespace fs = std::filesystem;

// More entries of one directory are not looked at: they would not change what it is.
constexpr size_t kEntriesMax = 4096;
constexpr std::array<PathKind, 4> kKinds = {PathKind::kConda, PathKind::kPython,
                                            PathKind::kLibraries, PathKind::kPrograms};

bool IsDirectory(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// The names in a directory, sorted; none for one that cannot be read.
std::vector<std::string> Names(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end;
       !error && entry != end && names.size() < kEntriesMax; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// "libx.so" and "libx.so.1", but not "ld.so.conf".
bool IsSharedObject(const std::string& name) {
  constexpr absl::string_view kVersioned = ".so.";
  if (name.ends_with(".so")) return true;
  const size_t version = name.find(kVersioned.data());
  return version != name.npos && version + kVersioned.size() < name.size() &&
         absl::ascii_isdigit(name[version + kVersioned.size()]);
}

bool HasSharedObjects(const fs::path& directory) {
  const std::vector<std::string> names = Names(directory);
  return std::any_of(names.begin(), names.end(), IsSharedObject);
}

// Whether `import` finds anything in it.
bool HoldsPackages(const fs::path& directory) {
  const std::string own = directory.filename().string();
  if (own == "site-packages" || own == "dist-packages") return true;
  for (const std::string& name : Names(directory)) {
    if (name.ends_with(".dist-info") || name.ends_with(".egg-info") || name.ends_with(".py")) {
      return true;
    }
    std::error_code error;
    if (fs::exists(directory / name / "__init__.py", error)) return true;
  }
  return false;
}

std::vector<fs::path> PythonDirectories(const fs::path& directory) {
  std::vector<fs::path> found;
  for (const char* library : {"lib", "lib64", "local/lib"}) {
    for (const std::string& name : Names(directory / library)) {
      if (!name.starts_with("python")) continue;
      for (const char* packages : {"site-packages", "dist-packages"}) {
        const fs::path candidate = directory / library / name / packages;
        if (IsDirectory(candidate)) found.push_back(candidate);
      }
    }
  }
  if (found.empty() && HoldsPackages(directory)) return {directory};
  return found;
}

// What of the directory a variable for this kind would name.
std::vector<fs::path> DirectoriesOf(PathKind kind, const fs::path& directory) {
  switch (kind) {
    case PathKind::kConda:
      if (!IsDirectory(directory / "conda-meta")) return {};
      return {directory};
    case PathKind::kPython:
      return PythonDirectories(directory);
    case PathKind::kLibraries: {
      if (HasSharedObjects(directory)) return {directory};
      std::vector<fs::path> found;
      for (const char* library : {"lib", "lib64"}) {
        if (HasSharedObjects(directory / library)) found.push_back(directory / library);
      }
      return found;
    }
    case PathKind::kPrograms:
      if (IsDirectory(directory / "bin")) return {directory / "bin"};
      if (directory.filename() == "bin") return {directory};
      return {};
  }
  return {};
}

absl::string_view VariableOf(PathKind kind) {
  switch (kind) {
    case PathKind::kPython:
      return "PYTHONPATH";
    case PathKind::kLibraries:
      return "LD_LIBRARY_PATH";
    case PathKind::kConda:
    case PathKind::kPrograms:
      return "PATH";
  }
  return "";
}

class Planner {
 public:
  Planner(const MountedTree& tree, const EnvironmentNow& now) : tree_(tree), now_(now) {}

  absl::Status Add(PathKind kind, const std::vector<fs::path>& directories) {
    std::vector<std::string> seen;
    std::vector<fs::path> real;
    for (const fs::path& directory : directories) {
      // lib64 is often lib by another name.
      std::error_code error;
      real.push_back(fs::canonical(directory, error));
      if (std::count(real.begin(), real.end(), real.back()) > 1) continue;
      const auto through = Through(directory);
      if (!through.ok()) return through.status();
      if (std::find(seen.begin(), seen.end(), *through) == seen.end()) seen.push_back(*through);
    }
    if (kind == PathKind::kConda) return Activate(seen.front());
    for (const std::string& directory : seen) NoteLinks(directory);
    Prefix(std::string(VariableOf(kind)), seen);
    return absl::OkStatus();
  }

  void Note(std::string note) { plan_.notes.push_back(std::move(note)); }

  EnvironmentPlan Take() {
    for (const auto& name : order_) plan_.variables.push_back({name, values_[name]});
    return std::move(plan_);
  }

 private:
  // The directory as the mount shows it, links followed; it is there.
  absl::StatusOr<std::string> Through(const fs::path& directory) {
    std::error_code error;
    const std::string real = fs::canonical(directory, error).string();
    if (error) return ErrnoStatus(error.value(), directory.string());
    if (real != directory.string()) {
      Note(absl::StrCat("'", directory.string(), "' is '", real, "'; its links are followed here"));
    }
    if (IsWithin(real, tree_.mount)) return real;
    if (!IsWithin(real, tree_.export_root)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "'", real, "' misses the mount at '", tree_.mount, "', which shows '", tree_.export_root,
          "'; 'bazel run //deploy:launch -- --export_root=DIR' shows another directory"));
    }
    const std::string below = Below(real, tree_.export_root);
    std::string through = below.empty() ? tree_.mount : absl::StrCat(tree_.mount, "/", below);
    if (fs::is_directory(through, error)) return through;
    if (error && error != std::errc::no_such_file_or_directory) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the mount does not give '", through, "' (", error.message(),
          "); 'bazel run //deploy:stop' and 'bazel run //deploy:launch' make it anew"));
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "'", real, "' is there, but '", through,
        "' is not, yet: 'bazel run //deploy:coppice -- invalidate ", real, "' shows it at once"));
  }

  std::optional<std::string> Value(const std::string& name) {
    const auto changed = values_.find(name);
    return changed != values_.end() ? changed->second : now_(name);
  }

  void Set(const std::string& name, std::string value) {
    if (values_.emplace(name, "").second) order_.push_back(name);
    values_[name] = std::move(value);
  }

  // In front of what there is, which stays; an empty entry would mean the current directory.
  void Prefix(const std::string& name, const std::vector<std::string>& directories) {
    std::vector<std::string> entries = directories;
    const std::string before = Value(name).value_or("");
    for (absl::string_view entry : absl::StrSplit(before, ':', absl::SkipEmpty())) {
      if (std::find(directories.begin(), directories.end(), entry) == directories.end()) {
        entries.emplace_back(entry);
      }
    }
    Set(name, absl::StrJoin(entries, ":"));
  }

  // As conda's own activate does for an environment that is named by its path.
  absl::Status Activate(const std::string& prefix) {
    if (IsDirectory(prefix + "/bin")) {
      Prefix("PATH", {prefix + "/bin"});
      NoteLinks(prefix + "/bin");
    }
    int level = 0;
    const std::optional<std::string> before = Value("CONDA_PREFIX");
    if (before.has_value() && *before != prefix &&
        absl::SimpleAtoi(Value("CONDA_SHLVL").value_or("0"), &level) && level > 0) {
      Set(absl::StrCat("CONDA_PREFIX_", level), *before);
    }
    if (before.has_value() && *before == prefix) --level;
    Set("CONDA_PREFIX", prefix);
    Set("CONDA_DEFAULT_ENV", prefix);
    Set("CONDA_SHLVL", absl::StrCat(std::max(level, 0) + 1));
    const std::string scripts = prefix + "/etc/conda/activate.d";
    for (const std::string& name : Names(scripts)) {
      if (name.ends_with(".sh")) plan_.scripts.push_back(absl::StrCat(scripts, "/", name));
    }
    return absl::OkStatus();
  }

  // A link to an absolute path leads out of the mount, and so past the caches.
  void NoteLinks(const std::string& directory) {
    size_t leaving = 0;
    std::string example;
    for (const std::string& name : Names(directory)) {
      std::error_code error;
      const std::string target = fs::read_symlink(fs::path(directory) / name, error).string();
      if (error || !target.starts_with('/') || IsWithin(target, tree_.mount)) continue;
      if (++leaving == 1) example = absl::StrCat(name, " -> ", target);
    }
    if (leaving == 0) return;
    Note(absl::StrCat(leaving, leaving == 1 ? " link" : " links", " in '", directory, "' leave",
                      leaving == 1 ? "s" : "", " the mount (", example,
                      "); 'bazel run //deploy:launch -- --rewrite_symlinks' keeps such within"));
  }

  const MountedTree& tree_;
  const EnvironmentNow& now_;
  EnvironmentPlan plan_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> order_;
};

absl::Status NothingFits(const std::string& directory) {
  return absl::NotFoundError(absl::StrCat(
      "'", directory,
      "' has neither conda-meta, nor Python packages, nor shared objects, nor bin/;",
      " what is only read as data needs no variable: put the mount point before its path"));
}

}  // namespace

absl::string_view KindName(PathKind kind) {
  switch (kind) {
    case PathKind::kConda:
      return "conda";
    case PathKind::kPython:
      return "python";
    case PathKind::kLibraries:
      return "lib";
    case PathKind::kPrograms:
      return "path";
  }
  return "";
}

std::optional<PathKind> KindOfName(absl::string_view name) {
  for (const PathKind kind : kKinds) {
    if (KindName(kind) == name) return kind;
  }
  return std::nullopt;
}

absl::StatusOr<EnvironmentPlan> PlanEnvironment(const std::string& directory,
                                                const MountedTree& tree,
                                                const std::vector<PathKind>& kinds,
                                                const EnvironmentNow& now) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    if (!error) return ErrnoStatus(ENOTDIR, directory);
    return ErrnoStatus(error.value(), directory);
  }
  Planner planner(tree, now);
  for (const PathKind kind : kinds) {
    const std::vector<fs::path> found = DirectoriesOf(kind, directory);
    if (found.empty()) {
      return absl::NotFoundError(
          absl::StrCat("'", directory, "' has nothing for --what=", KindName(kind)));
    }
    if (absl::Status status = planner.Add(kind, found); !status.ok()) return status;
  }
  if (!kinds.empty()) return planner.Take();
  std::vector<absl::string_view> others;
  bool added = false;
  for (const PathKind kind : kKinds) {
    const std::vector<fs::path> found = DirectoriesOf(kind, directory);
    if (found.empty()) continue;
    if (added) {
      others.push_back(KindName(kind));
    } else if (absl::Status status = planner.Add(kind, found); !status.ok()) {
      return status;
    } else {
      added = true;
      // It is all of them at once.
      if (kind == PathKind::kConda) break;
    }
  }
  if (!added) return NothingFits(directory);
  if (!others.empty()) {
    planner.Note(absl::StrCat("'", directory, "' also has what --what=", absl::StrJoin(others, ","),
                              " would name"));
  }
  return planner.Take();
}

}  // namespace coppice
