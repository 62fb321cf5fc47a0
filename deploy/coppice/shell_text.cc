#include "deploy/coppice/shell_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "deploy/shell_word.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

std::string JsonText(const EnvironmentPlan& plan) {
  nlohmann::ordered_json variables = nlohmann::ordered_json::object();
  for (const VariableChange& change : plan.variables) variables[change.name] = change.value;
  const nlohmann::ordered_json json = {
      {"variables", variables}, {"scripts", plan.scripts}, {"notes", plan.notes}};
  // Paths are bytes; what is no UTF-8 cannot be JSON.
  return absl::StrCat(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace), "\n");
}

}  // namespace

std::string Quoted(absl::string_view text, ShellKind shell) {
  switch (shell) {
    case ShellKind::kSh:
      return ShellQuoted(text);
    case ShellKind::kCsh:
      // Its history works within quotes, too.
      return absl::StrCat(
          "'", absl::StrReplaceAll(text, {{"'", "'\\''"}, {"!", "\\!"}, {"\n", "\\\n"}}), "'");
    case ShellKind::kFish:
      return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
    case ShellKind::kJson:
      break;
  }
  return std::string(text);
}

std::string ShellText(const EnvironmentPlan& plan, ShellKind shell) {
  if (shell == ShellKind::kJson) return JsonText(plan);
  std::string text;
  for (const VariableChange& change : plan.variables) {
    const std::string value = Quoted(change.value, shell);
    switch (shell) {
      case ShellKind::kCsh:
        absl::StrAppend(&text, "setenv ", change.name, " ", value, ";\n");
        break;
      case ShellKind::kFish:
        absl::StrAppend(&text, "set -gx ", change.name, " ", value, ";\n");
        break;
      default:
        absl::StrAppend(&text, "export ", change.name, "=", value, ";\n");
    }
  }
  if (shell == ShellKind::kSh) {
    for (const std::string& script : plan.scripts) {
      absl::StrAppend(&text, ". ", Quoted(script, shell), ";\n");
    }
  }
  return text;
}

}  // namespace coppice
