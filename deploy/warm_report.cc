#include "deploy/warm_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "deploy/table.h"

namespace coppice {

std::string MovedText(const ReplayReport& report) {
  return absl::StrCat(FormatCount(report.names), " names, ", FormatCount(report.missing_names),
                      " missing names, ", FormatCount(report.listings), " listings, ",
                      FormatCount(report.targets), " link targets and ", FormatBytes(report.bytes),
                      " of ", FormatCount(report.files), " files in ",
                      FormatSeconds(report.duration));
}

std::string MisfitText(const Trace& trace, const ReplayReport& report) {
  std::string text;
  if (report.misfits > 0) {
    absl::StrAppend(&text, FormatCount(report.misfits), " of ", FormatCount(trace.touches.size()),
                    " touches no longer fit the tree: ", absl::StrJoin(report.examples, ", "),
                    report.misfits > report.examples.size() ? ", ..." : "",
                    "; a new recording would");
  }
  if (!trace.complete) {
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    "the recording reached its limit: the end of the run is not in it");
  }
  return text;
}

std::string ProgressText(const ReplayProgress& progress) {
  return absl::StrCat(FormatCount(progress.done), " of ", FormatCount(progress.touches),
                      " touches, ", FormatBytes(progress.bytes));
}

}  // namespace coppice
