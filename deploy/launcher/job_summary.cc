#include "deploy/launcher/job_summary.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "deploy/table.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::FieldDescriptor;

// Rises when a field's meaning changes.
constexpr int kFormat = 1;

// Protobuf's own JSON has 64 bit numbers as strings, which no tool adds up.
Json NodeJson(const v1::NodeSummary& node) {
  Json json;
  const auto* const reflection = v1::NodeSummary::GetReflection();
  for (int i = 0; i < v1::NodeSummary::descriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = v1::NodeSummary::descriptor()->field(i);
    Json& value = json[field->name()];
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_UINT64:
        value = reflection->GetUInt64(node, field);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        value = reflection->GetUInt32(node, field);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        value = reflection->GetDouble(node, field);
        break;
      default:
        value = reflection->GetString(node, field);
    }
  }
  return json;
}

// The sums of what counts; who and how long does not.
Json SumJson(const v1::StopReply& stopped) {
  Json sum = Json::object();
  for (const v1::NodeSummary& node : stopped.nodes()) {
    const Json json = NodeJson(node);
    for (const auto& [name, value] : json.items()) {
      if (!value.is_number_unsigned() || name == "member") continue;
      sum[name] = sum.value(name, uint64_t{0}) + value.get<uint64_t>();
    }
  }
  return sum;
}

}  // namespace

std::string JobSummaryText(const JobSummary& summary) {
  Json json = {
      {"format", kFormat},
      {"service", summary.service},
      {"job", summary.job},
      {"ended_at", absl::FormatTime(absl::RFC3339_sec, summary.ended_at, absl::UTCTimeZone())},
      {"hosts", summary.hosts},
      {"unanswered_count", summary.stopped.unanswered_count()},
      {"unanswered", summary.stopped.unanswered()},
      {"failures", Json::array()},
      {"sum", SumJson(summary.stopped)},
      {"nodes", Json::array()}};
  for (const std::string& failure : summary.stopped.failures()) json["failures"].push_back(failure);
  for (const v1::NodeSummary& node : summary.stopped.nodes()) {
    json["nodes"].push_back(NodeJson(node));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string JobSummaryLine(const JobSummary& summary) {
  v1::NodeSummary sum;
  for (const v1::NodeSummary& node : summary.stopped.nodes()) {
    sum.set_backing_bytes(sum.backing_bytes() + node.backing_bytes());
    sum.set_backing_opens(sum.backing_opens() + node.backing_opens());
    sum.set_bytes_received(sum.bytes_received() + node.bytes_received());
    sum.set_mount_read_bytes(sum.mount_read_bytes() + node.mount_read_bytes());
    sum.set_errors(sum.errors() + node.errors());
  }
  return absl::StrCat(summary.stopped.nodes_size(), " nodes: ", FormatBytes(sum.backing_bytes()),
                      " in ", sum.backing_opens(), " opens from the backing file system, ",
                      FormatBytes(sum.bytes_received()), " between nodes, ",
                      FormatBytes(sum.mount_read_bytes()), " read through the mounts, ",
                      sum.errors(), " errors");
}

}  // namespace coppice
