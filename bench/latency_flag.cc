#include "bench/latency_flag.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

// Empty: it is one.
std::string ProblemOf(const std::string& text) {
  absl::Duration latency;
  if (absl::ParseDuration(text, &latency) && latency >= absl::ZeroDuration() &&
      latency <= kStoreLatencyMax) {
    return "";
  }
  return absl::StrCat("'", text, "' is no latency; write a duration from 0 to ",
                      absl::FormatDuration(kStoreLatencyMax), ", for example 1ms");
}

}  // namespace

void AddLatencyFlag(CLI::App& app, absl::Duration& latency) {
  app.add_option_function<std::string>(
         "--latency", [&latency](const std::string& text) { absl::ParseDuration(text, &latency); },
         "of each answer of the store")
      ->check(ProblemOf)
      ->default_str(absl::FormatDuration(latency));
}

}  // namespace coppice
