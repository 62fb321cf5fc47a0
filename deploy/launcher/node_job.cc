#include "deploy/launcher/node_job.h"

#include <cstdint>
#include <exception>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using Json = nlohmann::json;

// Rises when a field's meaning changes.
constexpr int kFormat = 2;

}  // namespace

std::string NodeJobText(const NodeJob& job) {
  const Json json = {{"format", kFormat},
                     {"service", job.service},
                     {"tree_file", job.tree_file},
                     {"node_root", job.node_root},
                     {"mount", job.mount},
                     {"peer_server", job.peer_server},
                     {"fuse_client", job.fuse_client},
                     {"peer_flags", job.peer_flags},
                     {"client_flags", job.client_flags},
                     {"cpus", job.cpus},
                     {"recording", job.recording},
                     {"warm", job.warm},
                     {"timeout_ms", absl::ToInt64Milliseconds(job.timeout)},
                     {"stay", job.stay}};
  // WebSafeBase64Escape leaves the padding out.
  return absl::WebSafeBase64Escape(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

absl::StatusOr<NodeJob> ParseNodeJob(absl::string_view text) {
  std::string plain;
  if (!absl::WebSafeBase64Unescape(text, &plain)) {
    return absl::InvalidArgumentError("the job is not in base64");
  }
  // The library reports by exception; it ends here.
  try {
    const Json json = Json::parse(plain);
    if (json.at("format") != kFormat) {
      return absl::InvalidArgumentError("the job is of another version of Coppice");
    }
    return NodeJob{.service = json.at("service"),
                   .tree_file = json.at("tree_file"),
                   .node_root = json.at("node_root"),
                   .mount = json.at("mount"),
                   .peer_server = json.at("peer_server"),
                   .fuse_client = json.at("fuse_client"),
                   .peer_flags = json.at("peer_flags"),
                   .client_flags = json.at("client_flags"),
                   .cpus = json.at("cpus"),
                   .recording = json.at("recording"),
                   .warm = json.at("warm"),
                   .timeout = absl::Milliseconds(json.at("timeout_ms").get<int64_t>()),
                   .stay = json.at("stay")};
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("no job: ", error.what()));
  }
}

}  // namespace coppice
