// What nodeset (ClusterShell) and scontrol (Slurm) make of thousands of generated expressions is
// what ExpandHosts makes of them.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/host_expression.h"
#include "tree_builder/read_text.h"

namespace coppice {
namespace {

constexpr uint32_t kSeed = 20'260'401;
constexpr size_t kExpressions = 4000;
// One process each.
constexpr size_t kSlurmExpressions = 2000;
constexpr size_t kSpawnedExpressions = 20;

bool Has(const std::string& command) {
  return system(absl::StrCat("command -v ", command, " > /dev/null 2>&1").c_str()) == 0;
}

std::string PathOf(const std::string& name) { return testing::TempDir() + "/" + name; }

// The lines that the command prints; `input` is its standard input. Both streams end up there.
std::vector<std::string> LinesOf(const std::string& command, const std::string& input) {
  std::ofstream(PathOf("input")) << input;
  const std::string line =
      absl::StrCat(command, " < '", PathOf("input"), "' > '", PathOf("output"), "' 2>&1");
  const int status = system(line.c_str());
  (void)status;  // an expression that it refuses shows in what it prints
  std::vector<std::string> lines = absl::StrSplit(ReadTextFile(PathOf("output")).value(), '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  // For Slurm: brackets at the end of an operand or before letters that brackets follow, no steps,
  // no operators but the comma.
  std::string SlurmExpression() {
    std::string text;
    for (uint32_t i = 0, operands = 1 + Pick(3); i < operands; ++i) {
      absl::StrAppend(&text, i == 0 ? "" : ",", Name());
      if (Pick(4) == 0) continue;
      absl::StrAppend(&text, Brackets(/*steps=*/false));
      if (Pick(2) == 0) absl::StrAppend(&text, Name(), Brackets(/*steps=*/false));
    }
    return text;
  }

  std::string ClusterShellExpression() {
    std::string text;
    for (uint32_t i = 0, operands = 1 + Pick(4); i < operands; ++i) {
      if (i > 0) text += ",!&^"[Pick(4)];
      text += Name();
      for (uint32_t j = 0, dimensions = Pick(3); j < dimensions; ++j) {
        if (j > 0) text += Name();
        text += Brackets(/*steps=*/true);
      }
      if (Pick(3) == 0) text += Suffix();
    }
    return text;
  }

 private:
  uint32_t Pick(uint32_t count) { return random_() % count; }
  // Few, so that operands meet.
  std::string Name() { return std::vector<std::string>{"n", "node", "r-", "x1y"}[Pick(4)]; }
  std::string Suffix() { return std::vector<std::string>{"-ib", ".org", "z"}[Pick(3)]; }

  std::string Brackets(bool steps) {
    std::string text = "[";
    for (uint32_t i = 0, ranges = 1 + Pick(3); i < ranges; ++i) {
      const uint32_t low = Pick(2) == 0 ? Pick(12) : 95 + Pick(10);
      const uint32_t high = low + Pick(8);
      const size_t width = Pick(3) == 0 ? 3 : 0;
      absl::StrAppend(&text, i == 0 ? "" : ",", Number(low, width));
      if (Pick(3) > 0) {
        absl::StrAppend(&text, "-", Number(high, width));
        if (steps && Pick(3) == 0) absl::StrAppend(&text, "/", 1 + Pick(4));
      }
    }
    return text + "]";
  }

  static std::string Number(uint32_t number, size_t width) {
    const std::string text = absl::StrCat(number);
    return std::string(width > text.size() ? width - text.size() : 0, '0') + text;
  }

  std::mt19937 random_;
};

std::vector<std::string> Expand(const std::string& expression) {
  auto names = ExpandHosts(expression);
  EXPECT_TRUE(names.ok()) << expression << ": " << names.status();
  return names.ok() ? *std::move(names) : std::vector<std::string>();
}

std::string Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, " ");
}

// nodeset's own engine, in one process for all expressions: a line of names for each.
TEST(HostExpressionOracleTest, NodesetAgreesOnThousandsOfExpressions) {
  const std::string python = "/usr/bin/python3 -c 'import ClusterShell.NodeSet'";
  if (system(absl::StrCat(python, " 2> /dev/null").c_str()) != 0) {
    GTEST_SKIP() << "NOT TESTED: /usr/bin/python3 has no ClusterShell; ./setup.sh installs it";
  }
  Generator generator(kSeed);
  std::vector<std::string> expressions;
  for (size_t i = 0; i < kExpressions; ++i) {
    expressions.push_back(generator.ClusterShellExpression());
  }
  const std::vector<std::string> answers = LinesOf(R"(/usr/bin/python3 -c '
import sys
from ClusterShell.NodeSet import NodeSet
for line in sys.stdin:
    print(" ".join(sorted(NodeSet(line.strip()))))
')",
                                                   absl::StrJoin(expressions, "\n"));
  ASSERT_EQ(answers.size(), expressions.size()) << absl::StrJoin(answers, "\n").substr(0, 2000);
  for (size_t i = 0; i < expressions.size(); ++i) {
    ASSERT_EQ(Sorted(Expand(expressions[i])), answers[i]) << expressions[i] << ", seed " << kSeed;
  }
}

TEST(HostExpressionOracleTest, TheNodesetCommandAgrees) {
  if (!Has("nodeset")) GTEST_SKIP() << "NOT TESTED: no nodeset; ./setup.sh installs it";
  Generator generator(kSeed + 1);
  for (size_t i = 0; i < kSpawnedExpressions; ++i) {
    const std::string expression = generator.ClusterShellExpression();
    const std::string answer =
        absl::StrJoin(LinesOf(absl::StrCat("nodeset -e '", expression, "'"), ""), "");
    EXPECT_EQ(Sorted(Expand(expression)), Sorted(absl::StrSplit(answer, ' ', absl::SkipEmpty())))
        << expression;
  }
}

// scontrol prints names that come again again, and in the order of the text.
TEST(HostExpressionOracleTest, ScontrolAgreesOnThousandsOfExpressions) {
  if (!Has("scontrol")) GTEST_SKIP() << "NOT TESTED: no scontrol; ./setup.sh installs it";
  // Without slurmctld; it only wants to read some configuration.
  std::ofstream(PathOf("slurm.conf")) << "ClusterName=test\nSlurmctldHost=localhost\n";
  Generator generator(kSeed + 2);
  std::vector<std::string> expressions;
  for (size_t i = 0; i < kSlurmExpressions; ++i) expressions.push_back(generator.SlurmExpression());
  const std::string script = absl::StrCat(
      "export SLURM_CONF='", PathOf("slurm.conf"),
      "'; while read -r one; do echo \"= $one\"; scontrol show hostnames \"$one\"; done");
  std::ofstream(PathOf("script")) << script;
  std::vector<std::vector<std::string>> answers;
  for (const std::string& line : LinesOf(absl::StrCat("sh '", PathOf("script"), "'"),
                                         absl::StrJoin(expressions, "\n") + "\n")) {
    if (absl::StartsWith(line, "= ")) {
      answers.emplace_back();
      continue;
    }
    ASSERT_FALSE(answers.empty()) << line;
    std::vector<std::string>& names = answers.back();
    if (std::find(names.begin(), names.end(), line) == names.end()) names.push_back(line);
  }
  ASSERT_EQ(answers.size(), expressions.size());
  for (size_t i = 0; i < expressions.size(); ++i) {
    ASSERT_EQ(Expand(expressions[i]), answers[i]) << expressions[i] << ", seed " << kSeed;
  }
}

}  // namespace
}  // namespace coppice
