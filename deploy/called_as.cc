#include "deploy/called_as.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace coppice {
namespace {

constexpr absl::string_view kBazelTarget = "bazel run //deploy:";
constexpr absl::string_view kAfterTarget = " -- ";

bool WithinVerb(char letter) { return absl::ascii_islower(letter) || letter == '_'; }

}  // namespace

std::string AsCalled(absl::string_view text) {
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error || own.filename() != std::string(kCoppiceProgram)) return std::string(text);
  return AsInstalled(text);
}

std::string AsInstalled(absl::string_view text) {
  std::string result;
  for (size_t found = text.find(kBazelTarget); found != text.npos;
       found = text.find(kBazelTarget)) {
    absl::StrAppend(&result, text.substr(0, found), kCoppiceProgram);
    text.remove_prefix(found + kBazelTarget.size());
    size_t verb = 0;
    while (verb < text.size() && WithinVerb(text[verb])) ++verb;
    // The command itself has its verb behind the "--".
    if (text.substr(0, verb) != kCoppiceProgram) {
      absl::StrAppend(&result, " ", text.substr(0, verb));
    }
    text.remove_prefix(verb);
    if (absl::ConsumePrefix(&text, kAfterTarget)) absl::StrAppend(&result, " ");
  }
  absl::StrAppend(&result, text);
  return result;
}

}  // namespace coppice
