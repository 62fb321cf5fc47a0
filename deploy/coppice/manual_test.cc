#include "deploy/coppice/manual.h"

#include "absl/strings/str_cat.h"
#include "deploy/coppice/help_text.h"
#include "deploy/coppice/verb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kHelp[] =
    "Does a thing.\n"
    "In two lines.\n"
    "Usage: coppice do [OPTIONS] what\n"
    "\n"
    "Positionals:\n"
    "  what PATH REQUIRED          what to do it to\n"
    "\n"
    "Options:\n"
    "  -h,--help                   Print this help message and exit\n"
    "  --size UINT:UINT in [1 - 256]=1\n"
    "                              how much\n"
    "\n"
    "Examples:\n"
    "  coppice do x\n"
    "\n"
    "Exit codes: 0.\n";

TEST(HelpTextTest, EveryPartIsTakenApart) {
  const auto help = ParseHelpText(kHelp);
  ASSERT_TRUE(help.ok()) << help.status();
  EXPECT_THAT(help->description, ElementsAre("Does a thing.", "In two lines."));
  EXPECT_EQ(help->usage, "coppice do [OPTIONS] what");
  EXPECT_THAT(help->positionals,
              ElementsAre(HelpEntry{"what", "PATH REQUIRED", "what to do it to"}));
  EXPECT_THAT(help->options,
              ElementsAre(HelpEntry{"-h,--help", "", "Print this help message and exit"},
                          HelpEntry{"--size", "UINT:UINT in [1 - 256]=1", "how much"}));
  EXPECT_THAT(help->footer, ElementsAre("Examples:", "  coppice do x", "", "Exit codes: 0."));
}

TEST(HelpTextTest, OtherTextIsRefused) {
  EXPECT_FALSE(ParseHelpText("").ok());
  EXPECT_FALSE(ParseHelpText("Usage: x\n").ok());
}

TEST(HelpTextTest, TheHelpOfEveryVerbIsUnderstoodAndSpeaksOfTheInstalledCommand) {
  for (const Verb& verb : Verbs()) {
    const std::string text = HelpOf(verb);
    const auto help = ParseHelpText(text);
    ASSERT_TRUE(help.ok()) << verb.name << ": " << text;
    EXPECT_THAT(help->usage, StartsWith(absl::StrCat("coppice ", verb.name)));
    EXPECT_THAT(text, HasSubstr(absl::StrCat("  coppice ", verb.name)));
    EXPECT_THAT(text, HasSubstr("Exit codes:"));
    EXPECT_THAT(text, Not(HasSubstr("bazel")));
    for (const HelpEntry& option : help->options) {
      EXPECT_FALSE(option.text.empty()) << verb.name << " " << option.names;
    }
  }
}

TEST(ManualTest, APageHasWhatTheHelpHas) {
  const VerbHelp verb = {"do", "does a thing", *ParseHelpText(kHelp)};
  const std::string page = VerbPage(verb, {verb, {"undo", "the other", {}}}, "1.2");
  EXPECT_THAT(page, HasSubstr(".TH COPPICE-DO 1 \"\" \"Coppice 1.2\""));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-size\\fR UINT:UINT in [1 \\- 256]=1\nhow much\n"));
  EXPECT_THAT(page, HasSubstr(".BR coppice\\-undo (1)"));
  EXPECT_THAT(CommandPage({verb}, "1.2"), HasSubstr("does a thing"));
}

TEST(ManualTest, CompletionKnowsTheOptionsOfAVerb) {
  const VerbHelp verb = {"do", "does a thing", *ParseHelpText(kHelp)};
  EXPECT_THAT(BashCompletion({verb}), HasSubstr("do) words='--help --size=' ;;"));
}

}  // namespace
}  // namespace coppice
