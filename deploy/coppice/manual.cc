#include "deploy/coppice/manual.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace coppice {
namespace {

// A line of running text: a backslash is written out, a hyphen stays one that can be copied, and no
// line starts with what roff takes for a request.
std::string Roff(absl::string_view text) {
  std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}});
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

std::string Head(absl::string_view page, absl::string_view version, absl::string_view summary) {
  return absl::StrCat(".TH ", absl::AsciiStrToUpper(page), " 1 \"\" \"Coppice ", version,
                      "\" \"Coppice\"\n.SH NAME\n", Roff(page), " \\- ", Roff(summary), "\n");
}

void AddEntries(absl::string_view title, const std::vector<HelpEntry>& entries, std::string& page) {
  if (entries.empty()) return;
  absl::StrAppend(&page, ".SH ", title, "\n");
  for (const HelpEntry& entry : entries) {
    absl::StrAppend(&page, ".TP\n\\fB", Roff(entry.names), "\\fR",
                    entry.argument.empty() ? "" : " ", Roff(entry.argument), "\n", Roff(entry.text),
                    "\n");
  }
}

// As they are: the lines of examples are meant to be aligned.
void AddVerbatim(const std::vector<std::string>& lines, std::string& page) {
  absl::StrAppend(&page, ".nf\n");
  for (const std::string& line : lines) absl::StrAppend(&page, Roff(line), "\n");
  absl::StrAppend(&page, ".fi\n");
}

// "--mount", of "-m,--mount".
std::vector<std::string> LongNames(const HelpEntry& entry) {
  std::vector<std::string> names;
  for (absl::string_view name : absl::StrSplit(entry.names, ',')) {
    if (absl::StartsWith(name, "--")) names.emplace_back(name);
  }
  return names;
}

// The words of one verb: options that take a value end with '='.
std::string WordsOf(const VerbHelp& verb) {
  std::vector<std::string> words;
  for (const HelpEntry& option : verb.help.options) {
    for (const std::string& name : LongNames(option)) {
      words.push_back(absl::StrCat(name, option.argument.empty() ? "" : "="));
    }
  }
  return absl::StrJoin(words, " ");
}

constexpr char kCompletionStart[] = R"(# bash completion for coppice, made from what --help says.
_coppice() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local verb=${COMP_WORDS[1]} words i
  COMPREPLY=()
  # After --, in run, comes a command of its own.
  for ((i = 2; i < COMP_CWORD; ++i)); do
    if [[ ${COMP_WORDS[i]} == -- ]]; then
      mapfile -t COMPREPLY < <(compgen -c -f -- "$current")
      return
    fi
  done
  # The value of --option=VALUE: readline may have cut it at the '='.
  if [[ $current == = ]]; then
    current=
    previous='='
  fi
  if [[ $previous == = ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  if ((COMP_CWORD == 1)); then
    words=)";
constexpr char kCompletionEnd[] = R"(
      *) words= ;;
    esac
  fi
  if [[ $current == -* ]] || ((COMP_CWORD == 1)) || [[ $verb == help ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _coppice coppice
)";

}  // namespace

std::string VerbPage(const VerbHelp& verb, const std::vector<VerbHelp>& others,
                     absl::string_view version) {
  std::string page = Head(absl::StrCat("coppice-", verb.name), version, verb.summary);
  absl::StrAppend(&page, ".SH SYNOPSIS\n", Roff(verb.help.usage), "\n.SH DESCRIPTION\n");
  for (const std::string& line : verb.help.description) absl::StrAppend(&page, Roff(line), "\n");
  AddEntries("ARGUMENTS", verb.help.positionals, page);
  AddEntries("OPTIONS", verb.help.options, page);
  if (!verb.help.footer.empty()) {
    absl::StrAppend(&page, ".SH NOTES\n");
    AddVerbatim(verb.help.footer, page);
  }
  absl::StrAppend(&page, ".SH SEE ALSO\n.BR coppice (1)");
  for (const VerbHelp& other : others) {
    if (other.name == verb.name) continue;
    absl::StrAppend(&page, ",\n.BR ", Roff(absl::StrCat("coppice-", other.name)), " (1)");
  }
  return absl::StrCat(page, "\n");
}

std::string CommandPage(const std::vector<VerbHelp>& verbs, absl::string_view version) {
  std::string page =
      Head("coppice", version, "a read-only cooperative caching file system for supercomputers");
  absl::StrAppend(&page, ".SH SYNOPSIS\ncoppice VERB [OPTIONS]\n.br\ncoppice help [VERB]\n",
                  ".SH DESCRIPTION\n", "One node reads each file and each directory once, and the ",
                  "others fetch from each other.\nWhat is at /PATH is read as MOUNT/PATH.\n",
                  ".SH VERBS\n");
  for (const VerbHelp& verb : verbs) {
    absl::StrAppend(&page, ".TP\n.BR ", Roff(absl::StrCat("coppice-", verb.name)), " (1)\n",
                    Roff(verb.summary), "\n");
  }
  return page;
}

std::string BashCompletion(const std::vector<VerbHelp>& verbs) {
  std::vector<std::string> names;
  for (const VerbHelp& verb : verbs) names.push_back(verb.name);
  std::string text =
      absl::StrCat(kCompletionStart, "'", absl::StrJoin(names, " "),
                   " help --help --version'\n  else\n    case $verb in\n      help) ", "words='",
                   absl::StrJoin(names, " "), "' ;;\n");
  for (const VerbHelp& verb : verbs) {
    absl::StrAppend(&text, "      ", verb.name, ") words='", WordsOf(verb), "' ;;\n");
  }
  text.pop_back();
  return absl::StrCat(text, kCompletionEnd);
}

}  // namespace coppice
