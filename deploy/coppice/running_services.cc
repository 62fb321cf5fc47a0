#include "deploy/coppice/running_services.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/inspection_client.h"
#include "deploy/mount_table.h"
#include "deploy/state_directory.h"

namespace coppice {
namespace {

constexpr absl::string_view kLaunchCure = "start one with 'bazel run //deploy:launch'";

// The lock is held for as long as the reading takes.
absl::StatusOr<ServiceRecord> ReadRecord(const std::string& root, const std::string& service) {
  auto state = StateDirectory::Open(root, service);
  if (!state.ok()) return state.status();
  const auto text = state->ReadFile(kServiceRecordFile);
  if (!text.ok()) return text.status();
  return ParseServiceRecord(*text);
}

absl::Status CheckMounted(const std::string& mount) {
  const auto type = MountTypeAt(mount);
  if (!type.ok()) return type.status();
  if (*type != kCoppiceMountType) {
    return absl::FailedPreconditionError(
        absl::StrCat("no Coppice is mounted at '", mount, "'; ", kLaunchCure));
  }
  // Of a mount whose client has died the kernel still answers much; this it always asks for.
  struct statvfs status;
  if (statvfs(mount.c_str(), &status) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the mount at '", mount, "' is dead (", std::generic_category().message(errno),
                   "); 'bazel run //deploy:stop' and 'bazel run //deploy:launch' make it anew"));
}

// Every node that has a mount here, of every service.
absl::StatusOr<std::vector<NodeRecord>> MountedNodes(const std::string& state_root) {
  auto services = ListServices(state_root);
  if (!services.ok()) return services.status();
  std::vector<NodeRecord> nodes;
  for (const RunningService& service : *services) {
    if (service.record.mounts_are_private) continue;
    nodes.insert(nodes.end(), service.record.nodes.begin(), service.record.nodes.end());
  }
  return nodes;
}

}  // namespace

absl::StatusOr<std::vector<RunningService>> ListServices(const std::string& state_root) {
  const auto names = StateDirectory::List(state_root);
  if (!names.ok()) return names.status();
  std::vector<RunningService> services;
  for (const std::string& name : *names) {
    auto record = ReadRecord(state_root, name);
    // It ended meanwhile.
    if (!record.ok() && StatusErrno(record.status()) == ENOENT) continue;
    RunningService service = {.name = name, .error = record.status()};
    if (record.ok()) service.record = *std::move(record);
    services.push_back(std::move(service));
  }
  return services;
}

absl::StatusOr<NodeRecord> ChooseNode(const NodeChoice& choice) {
  auto services = ListServices(choice.state_root);
  if (!services.ok()) return services.status();
  std::vector<std::string> names;
  for (const RunningService& service : *services) {
    if (!choice.service.empty() && service.name != choice.service) continue;
    if (!service.error.ok()) return Annotate(service.error, service.name);
    for (const NodeRecord& node : service.record.nodes) {
      if (choice.node.empty() || node.name == choice.node) return node;
      names.push_back(node.name);
    }
  }
  if (names.empty()) {
    return absl::NotFoundError(
        choice.service.empty()
            ? absl::StrCat("no service of yours runs on this machine; ", kLaunchCure)
            : absl::StrCat("there is no service '", choice.service, "'; ", kLaunchCure));
  }
  return absl::NotFoundError(
      absl::StrCat("there is no node '", choice.node, "'; there are ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<MountedTree> ChooseMount(const MountChoice& choice) {
  const auto nodes = MountedNodes(choice.state_root);
  if (!nodes.ok()) return nodes.status();
  std::string shown;
  for (const NodeRecord& node : *nodes) {
    if (!choice.mount.empty() && node.mount_point != choice.mount) continue;
    const auto place = AskPeerPlace(node.socket, absl::Now() + kAnswerMax);
    if (!place.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat(node.name, " does not answer (", place.status().message(),
                       "); 'bazel run //deploy:stop' ends what is left of it, then ", kLaunchCure));
    }
    if (IsWithin(choice.path, place->export_root) || IsWithin(choice.path, node.mount_point)) {
      if (absl::Status status = CheckMounted(node.mount_point); !status.ok()) return status;
      return MountedTree{node.mount_point, place->export_root};
    }
    shown = absl::StrCat("the mount at '", node.mount_point, "' shows '", place->export_root, "'");
  }
  if (!shown.empty()) {
    return absl::NotFoundError(absl::StrCat("'", choice.path, "' is seen through no mount: ", shown,
                                            "; launch with another --export_root"));
  }
  // A node whose state is elsewhere, or somebody else's launcher: it shows all, unless said.
  const std::string mount = choice.mount.empty() ? choice.default_mount : choice.mount;
  if (absl::Status status = CheckMounted(mount); !status.ok()) return status;
  return MountedTree{mount, "/"};
}

bool IsWithin(const std::string& path, const std::string& directory) {
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

std::string Below(const std::string& path, const std::string& directory) {
  if (directory == "/") return path.substr(1);
  return path.size() <= directory.size() ? "" : path.substr(directory.size() + 1);
}

}  // namespace coppice
