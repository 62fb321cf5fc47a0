#include "tidy/dead_file_rules.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace coppice {
namespace {

using absl::string_view;

constexpr string_view kInclude = "#include \"";

bool MustBeBuilt(string_view path) {
  return IsCpp(path) || absl::EndsWith(path, ".proto") || absl::EndsWith(path, "_test.sh") ||
         absl::EndsWith(path, "_test.py");
}

// Where the name of the package that the file is in ends, and the text of its build file; an empty
// path is the package at the top.
struct Package {
  string_view path;
  string_view build;
};

Package PackageOf(string_view path, const absl::flat_hash_map<string_view, string_view>& builds) {
  while (!path.empty()) {
    const size_t slash = path.rfind('/');
    path = slash == string_view::npos ? string_view() : path.substr(0, slash);
    if (const auto found = builds.find(path); found != builds.end()) {
      return {.path = path, .build = found->second};
    }
  }
  return {};
}

}  // namespace

std::vector<Finding> CheckHeadersAreIncluded(const std::vector<SourceFile>& files) {
  absl::flat_hash_set<string_view> included;
  for (const SourceFile& file : files) {
    if (!IsCpp(file.path)) continue;
    for (string_view line : absl::StrSplit(file.text, '\n')) {
      if (!absl::ConsumePrefix(&line, kInclude)) continue;
      const string_view header = line.substr(0, line.find('"'));
      if (header != file.path) included.insert(header);
    }
  }
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!absl::EndsWith(file.path, ".h") || included.contains(file.path)) continue;
    findings.push_back({file.path, 0, "no file includes this header; use it or remove it"});
  }
  return findings;
}

std::vector<Finding> CheckFilesAreBuilt(const std::vector<SourceFile>& files) {
  absl::flat_hash_map<string_view, string_view> builds;
  for (const SourceFile& file : files) {
    const string_view path = file.path;
    if (FileNameOf(path) != "BUILD.bazel") continue;
    const size_t slash = path.rfind('/');
    builds[slash == string_view::npos ? string_view() : path.substr(0, slash)] = file.text;
  }
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!MustBeBuilt(file.path)) continue;
    const Package package = PackageOf(file.path, builds);
    string_view label = file.path;
    if (!package.path.empty()) label.remove_prefix(package.path.size() + 1);
    if (absl::StrContains(package.build, absl::StrCat("\"", label, "\""))) continue;
    findings.push_back(
        {file.path, 0,
         absl::StrCat("\"", label, "\" is in no target of //", package.path,
                      ": it is never built or run; name it in the BUILD.bazel or remove it")});
  }
  return findings;
}

}  // namespace coppice
