#include "deploy/launcher/cluster_record.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using Json = nlohmann::json;

// Rises when a field's meaning changes.
constexpr int kFormat = 1;

}  // namespace

std::string ClusterRecordText(const ClusterRecord& record) {
  Json json = {{"format", kFormat},           {"hosts", record.hosts},
               {"launcher", record.launcher}, {"slurm_job", record.slurm_job},
               {"job", record.job},           {"node_program", record.node_program},
               {"node_job", record.node_job}, {"tool_host", record.tool_host},
               {"tools", Json::array()}};
  for (const ProcessIdentity& tool : record.tools) {
    json["tools"].push_back({{"pid", tool.pid}, {"start_ticks", tool.start_ticks}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<ClusterRecord> ParseClusterRecord(absl::string_view text) {
  // The library reports by exception; it ends here.
  try {
    const Json json = Json::parse(text.begin(), text.end());
    if (json.at("format") != kFormat) {
      return absl::InvalidArgumentError("the service was launched by another version of Coppice");
    }
    ClusterRecord record = {.hosts = json.at("hosts"),
                            .launcher = json.at("launcher"),
                            .slurm_job = json.at("slurm_job"),
                            .job = json.at("job"),
                            .node_program = json.at("node_program"),
                            .node_job = json.at("node_job"),
                            .tool_host = json.at("tool_host")};
    for (const Json& tool : json.at("tools")) {
      record.tools.push_back({tool.at("pid"), tool.at("start_ticks")});
    }
    return record;
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("no record of a service: ", error.what()));
  }
}

}  // namespace coppice
