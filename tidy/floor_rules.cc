#include "tidy/floor_rules.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tidy/code_text.h"

namespace coppice {
namespace {

using absl::string_view;

struct Floor {
  string_view folder;
  // Whose headers it may include, besides its own, with blanks between.
  string_view below;
};

// From the ground up. proto has no C++ of its own.
constexpr std::array kFloors = {
    Floor{"common", ""},
    Floor{"proto", ""},
    Floor{"tidy", "common"},
    Floor{"source", "common"},
    Floor{"tree_builder", "common proto"},
    Floor{"rpc", "common proto source"},
    Floor{"trace", "common source"},
    Floor{"peer_server", "common proto source tree_builder rpc trace"},
    Floor{"fuse_client", "common proto source tree_builder rpc trace"},
    Floor{"deploy", "common proto source tree_builder rpc trace peer_server fuse_client"},
    Floor{"sim", "common proto source tree_builder rpc trace peer_server fuse_client"},
    Floor{"bench", "common proto source tree_builder rpc trace peer_server fuse_client deploy sim"},
};

constexpr std::array<string_view, 2> kFuseFolders = {"fuse_client", "bench"};
constexpr std::array<string_view, 5> kGrpcFolders = {"rpc", "peer_server", "deploy", "bench",
                                                     "sim"};
// How the names of the files start that are the PosixSource: the backing file system's own floor.
constexpr std::array<string_view, 4> kOpeningFiles = {"posix_", "export_root", "open_files",
                                                      "coppice_mounts"};
// Calls that open, and their numbers for syscall(2).
constexpr std::array<string_view, 8> kOpeningCalls = {
    "open", "openat", "openat2", "opendir", "fopen", "SYS_open", "SYS_openat", "SYS_openat2"};

template <typename Strings>
bool Contains(const Strings& strings, string_view wanted) {
  return std::find(strings.begin(), strings.end(), wanted) != strings.end();
}

const Floor* FindFloor(string_view folder) {
  const auto* const found =
      std::find_if(kFloors.begin(), kFloors.end(),
                   [folder](const Floor& floor) { return floor.folder == folder; });
  return found == kFloors.end() ? nullptr : found;
}

struct Include {
  size_t line;
  // Without its quotes or angle brackets.
  string_view path;
};

std::vector<Include> IncludesOf(const SourceFile& file) {
  std::vector<Include> includes;
  if (!IsCpp(file.path)) return includes;
  size_t number = 0;
  for (string_view line : absl::StrSplit(file.text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "#")) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "include")) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    const size_t end = line.find_first_of("\">", 1);
    if (line.empty() || end == string_view::npos) continue;
    includes.push_back({.line = number, .path = line.substr(1, end - 1)});
  }
  return includes;
}

bool IsFuse(string_view include) {
  return absl::StartsWith(include, "fuse.") || absl::StartsWith(include, "fuse3/") ||
         absl::StartsWith(include, "fuse/") || absl::StartsWith(include, "fuse_lowlevel") ||
         absl::StartsWith(include, "fuse_opt") || absl::StartsWith(include, "fuse_common");
}

bool IsGrpc(string_view include) {
  return absl::StartsWith(include, "grpc") || absl::EndsWith(include, ".grpc.pb.h");
}

// Of a method or a member the word before is another object's.
bool IsMemberAccess(string_view code, size_t position) {
  const string_view before = code.substr(0, position);
  return absl::EndsWith(before, ".") || absl::EndsWith(before, "->");
}

}  // namespace

std::vector<Finding> CheckFloors(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!IsCpp(file.path)) return findings;
  const string_view folder = FolderOf(file.path);
  const Floor* const floor = FindFloor(folder);
  if (floor == nullptr) {
    return {{file.path, 0,
             absl::StrCat("the folder '", folder,
                          "' has no floor; give it one in kFloors, tidy/floor_rules.cc")}};
  }
  const std::vector<string_view> below = absl::StrSplit(floor->below, ' ');
  for (const Include& include : IncludesOf(file)) {
    const string_view other = FolderOf(include.path);
    if (FindFloor(other) == nullptr || other == folder || Contains(below, other)) continue;
    findings.push_back(
        {file.path, include.line,
         absl::StrCat(folder, " may not include '", include.path, "', only ", folder,
                      floor->below.empty() ? "" : ", ", absl::StrJoin(below, ", "),
                      "; move what both need down, or pass it in through an interface")});
  }
  return findings;
}

std::vector<Finding> CheckFuseIncludes(const SourceFile& file) {
  std::vector<Finding> findings;
  if (Contains(kFuseFolders, FolderOf(file.path))) return findings;
  for (const Include& include : IncludesOf(file)) {
    if (!IsFuse(include.path)) continue;
    findings.push_back(
        {file.path, include.line,
         absl::StrCat("'", include.path, "' may only be included in ",
                      absl::StrJoin(kFuseFolders, ", "), "; put the code that needs it there")});
  }
  return findings;
}

std::vector<Finding> CheckGrpcIncludes(const SourceFile& file) {
  std::vector<Finding> findings;
  if (Contains(kGrpcFolders, FolderOf(file.path)) || FileNameOf(file.path) == "main.cc") {
    return findings;
  }
  for (const Include& include : IncludesOf(file)) {
    if (!IsGrpc(include.path)) continue;
    findings.push_back({file.path, include.line,
                        absl::StrCat("'", include.path, "' may only be included in ",
                                     absl::StrJoin(kGrpcFolders, ", "),
                                     " and main.cc; use rpc's own headers instead")});
  }
  return findings;
}

std::vector<Finding> CheckFileOpening(const SourceFile& file) {
  std::vector<Finding> findings;
  const bool opens = std::any_of(
      kOpeningFiles.begin(), kOpeningFiles.end(),
      [&file](string_view start) { return absl::StartsWith(FileNameOf(file.path), start); });
  if (FolderOf(file.path) != "source" || !IsCpp(file.path) || opens ||
      absl::EndsWith(file.path, "_test.cc") || absl::StrContains(file.path, "/testing/")) {
    return findings;
  }
  const std::string code = CodeOnly(file.text);
  for (const string_view call : kOpeningCalls) {
    for (size_t at = FindWord(code, call); at != string_view::npos;
         at = FindWord(code, call, at + 1)) {
      const bool called = code.substr(at + call.size(), 1) == "(" && !IsMemberAccess(code, at);
      if (!called && !absl::StartsWith(call, "SYS_")) continue;
      findings.push_back({file.path, LineOf(code, at),
                          absl::StrCat("'", call,
                                       "' opens files, which only the parts of PosixSource may do; "
                                       "read through a Source instead")});
    }
  }
  return findings;
}

}  // namespace coppice
