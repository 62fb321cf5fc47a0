#include "deploy/service_record.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using Json = nlohmann::json;

// Rises when a field's meaning changes.
constexpr int kFormat = 1;

absl::StatusOr<ProcessRole> ParseRole(const std::string& name) {
  for (const ProcessRole role :
       {ProcessRole::kClient, ProcessRole::kPeer, ProcessRole::kNode, ProcessRole::kStarter}) {
    if (RoleName(role) == name) return role;
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown role '", name, "'"));
}

}  // namespace

absl::string_view RoleName(ProcessRole role) {
  switch (role) {
    case ProcessRole::kClient:
      return "fuse_client";
    case ProcessRole::kPeer:
      return "peer_server";
    case ProcessRole::kNode:
      return "node";
    case ProcessRole::kStarter:
      return "coppice_node";
  }
  return "";
}

std::string ServiceRecordText(const ServiceRecord& record) {
  Json json = {{"format", kFormat},
               {"nodes", Json::array()},
               {"processes", Json::array()},
               {"made_directories", record.made_directories},
               {"mounts_are_private", record.mounts_are_private}};
  for (const NodeRecord& node : record.nodes) {
    json["nodes"].push_back({{"name", node.name},
                             {"address", node.address},
                             {"socket", node.socket},
                             {"mount_point", node.mount_point}});
  }
  for (const ProcessRecord& process : record.processes) {
    json["processes"].push_back({{"node", process.node},
                                 {"role", std::string(RoleName(process.role))},
                                 {"pid", process.identity.pid},
                                 {"start_ticks", process.identity.start_ticks}});
  }
  // A path may be no UTF-8, which JSON cannot say; such bytes are replaced rather than thrown at
  // us.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<ServiceRecord> ParseServiceRecord(absl::string_view text) {
  // The library reports by exception; it ends here.
  try {
    const Json json = Json::parse(text.begin(), text.end());
    if (json.at("format") != kFormat) {
      return absl::InvalidArgumentError("the service was launched by another version of Coppice");
    }
    ServiceRecord record;
    json.at("made_directories").get_to(record.made_directories);
    json.at("mounts_are_private").get_to(record.mounts_are_private);
    for (const Json& node : json.at("nodes")) {
      record.nodes.push_back(
          {node.at("name"), node.at("address"), node.at("socket"), node.at("mount_point")});
    }
    for (const Json& process : json.at("processes")) {
      const auto role = ParseRole(process.at("role"));
      if (!role.ok()) return role.status();
      record.processes.push_back(
          {process.at("node"), *role, {process.at("pid"), process.at("start_ticks")}});
    }
    return record;
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("no service record: ", error.what()));
  }
}

}  // namespace coppice
