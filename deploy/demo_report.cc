#include "deploy/demo_report.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "deploy/table.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using Json = nlohmann::json;

struct BackingField {
  absl::string_view title;
  absl::string_view key;
  uint64_t BackingFigures::*value;
};

constexpr std::array<BackingField, 4> kBackingFields = {{
    {"files opened", "opens", &BackingFigures::opens},
    {"bytes read", "bytes", &BackingFigures::bytes},
    {"lstat", "lstats", &BackingFigures::lstats},
    {"directories read", "readdirs", &BackingFigures::readdirs},
}};

// Few operations may differ by a few without meaning anything.
constexpr uint64_t kBackingSlack = 16;

std::string Seconds(absl::Duration duration) { return FormatSeconds(duration); }

std::string Ratio(absl::Duration value, absl::Duration divisor) {
  return FormatRatio(absl::ToDoubleSeconds(value), absl::ToDoubleSeconds(divisor));
}

Json BackingJson(const BackingFigures& figures) {
  Json json = {{"unasked_bytes", figures.unasked_bytes}};
  for (const BackingField& field : kBackingFields) {
    json[std::string(field.key)] = figures.*field.value;
  }
  return json;
}

std::string TimesTable(const DemoReport& report) {
  const std::string module = absl::StrCat("import ", report.module);
  Table table({module, "cold", "to local", "warm", "to local", "warm FUSE requests"});
  for (const NodeFigures& node : report.nodes) {
    table.AddRow({node.name, Seconds(node.cold), Ratio(node.cold, report.local_together),
                  Seconds(node.warm), Ratio(node.warm, report.local_together),
                  FormatCount(node.requests_warm)});
  }
  table.AddRow({absl::StrCat("local disk, ", report.nodes.size(), " at once"), "", "",
                Seconds(report.local_together), "1.00 x", ""});
  table.AddRow({"local disk, alone", "", "", Seconds(report.local),
                Ratio(report.local, report.local_together), ""});
  return table.Text();
}

std::string BackingTable(const DemoReport& report) {
  Table table({"reached the backing file system", absl::StrCat(report.nodes.size(), " nodes"),
               "one process", "ratio"});
  for (const BackingField& field : kBackingFields) {
    const uint64_t all = report.backing.*field.value;
    const uint64_t one = report.unique.*field.value;
    const bool bytes = field.value == &BackingFigures::bytes;
    table.AddRow({std::string(field.title), bytes ? FormatBytes(all) : FormatCount(all),
                  bytes ? FormatBytes(one) : FormatCount(one),
                  FormatRatio(static_cast<double>(all), static_cast<double>(one))});
  }
  table.AddRow({"of the bytes, readahead unused", FormatBytes(report.backing.unasked_bytes),
                FormatBytes(report.unique.unasked_bytes), ""});
  return table.Text();
}

}  // namespace

absl::Status CheckReport(const DemoReport& report) {
  for (const NodeFigures& node : report.nodes) {
    if (node.mapped_files == 0 || node.reads_cold == 0 || node.bytes_cold == 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          node.name, ": the import did not come through the mount (", node.mapped_files,
          " mapped files, ", node.reads_cold, " READ requests, ", node.bytes_cold, " bytes)"));
    }
  }
  if (report.backing.opens == 0 || report.unique.opens == 0) {
    return absl::FailedPreconditionError("the root reports no file opened; its counters are wrong");
  }
  for (const BackingField& field : kBackingFields) {
    const uint64_t all = report.backing.*field.value;
    const uint64_t one = report.unique.*field.value;
    if (static_cast<double>(all) > static_cast<double>(one) * kBackingRatioMax + kBackingSlack) {
      return absl::FailedPreconditionError(
          absl::StrCat("the backing file system was asked too often: ", field.title, " ", all,
                       ", one process alone ", one));
    }
  }
  return absl::OkStatus();
}

std::string ReportText(const DemoReport& report) {
  return absl::StrCat(
      TimesTable(report), "\n", BackingTable(report), "\n",
      report.own_namespaces
          ? "Each node had its own network, mounts, hostname and processes; all shared this "
            "machine's CPUs,\nso times are beside as many local imports at the same moment.\n"
          : "Nodes were plain processes that shared this machine; as root each gets its own "
            "network,\nmounts, hostname and processes. Times are beside as many local imports at "
            "the same moment.\n");
}

std::string ReportJson(const DemoReport& report, const absl::Status& problem) {
  Json json = {{"ok", problem.ok()},
               {"nodes", report.nodes.size()},
               {"module", report.module},
               {"own_namespaces", report.own_namespaces},
               {"local_s", absl::ToDoubleSeconds(report.local)},
               {"local_together_s", absl::ToDoubleSeconds(report.local_together)},
               {"cold_s", Json::array()},
               {"warm_s", Json::array()},
               {"fuse_requests_warm", Json::array()},
               {"backing", BackingJson(report.backing)},
               {"unique", BackingJson(report.unique)}};
  if (!problem.ok()) json["problem"] = std::string(problem.message());
  for (const NodeFigures& node : report.nodes) {
    json["cold_s"].push_back(absl::ToDoubleSeconds(node.cold));
    json["warm_s"].push_back(absl::ToDoubleSeconds(node.warm));
    json["fuse_requests_warm"].push_back(node.requests_warm);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace coppice
