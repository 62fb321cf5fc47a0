#include "bench/bench_program.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "deploy/interruption.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
constexpr char kExitCodes[] =
    "All competitors are measured in the same run, interleaved; the median counts, and the spread "
    "is\n"
    "(max - min) / median. Exit codes: 0 measured, 1 something failed, 2 usage.";

}  // namespace

BenchProgram::BenchProgram(std::string name, const std::string& description,
                           const std::string& examples)
    : name_(std::move(name)), app_(description, name_) {
  app_.footer(absl::StrCat(examples, "\n", kExitCodes));
  app_.add_flag("--json", json_, "ends standard output with one line, a JSON object");
  app_.add_option("--rounds", rounds_, "how often everything is measured")
      ->check(CLI::Range(size_t{1}, kRoundsMax))
      ->capture_default_str();
}

int BenchProgram::Run(int argc, char** argv, const std::vector<std::string>& baselines,
                      const Measure& measure) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_.exit(error) == 0 ? 0 : kExitUsage;
  }
  const auto say = [this](absl::string_view text) {
    fprintf(stderr, "%s: %.*s\n", name_.c_str(), static_cast<int>(text.size()), text.data());
  };
  if (absl::Status usage = usage_check_(); !usage.ok()) {
    say(absl::StrCat(usage.message(), "\nRun with --help for more information."));
    return kExitUsage;
  }
  Report report(name_, baselines);
  const auto interruption = Interruption::Catch();
  absl::Status status = interruption.status();
  if (interruption.ok()) {
    status = measure(
        {.rounds = rounds_, .interrupt_descriptor = interruption->descriptor(), .progress = say},
        report);
  }
  if (!report.empty()) fputs(report.Text().c_str(), stdout);
  if (!status.ok()) say(status.message());
  if (json_) printf("%s\n", report.Json(status).c_str());
  return status.ok() ? 0 : kExitFailure;
}

}  // namespace coppice
