// storm and replay as a user runs them, at the smallest size: what they count and draw. No time is
// checked.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "bench/scratch_directory.h"
#include "common/file_descriptor.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// Kinds are in capitals; other counts are not.
bool IsFuseRequest(const std::string& count) {
  return std::all_of(count.begin(), count.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

class StormTest : public testing::Test {
 protected:
  StormTest() {
    std::filesystem::create_directories(data_ + "/d");
    std::filesystem::create_directories(data_ + "/usr");
    for (const char* name : {"one", "two"}) {
      std::ofstream(data_ + "/d/" + name) << std::string(5000, 'x');
    }
  }
  void SetUp() override {
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened on this machine";
  }
  ~StormTest() override {
    unlink(trace_.c_str());
    unlink(svg_.c_str());
    std::filesystem::remove_all(data_);
  }

  void WriteTrace(const std::string& touch) {
    std::ofstream(trace_) << "coppice-trace 1\nfile d/one\nread 0 10 d/one\n"
                          << "missing d/no such file\n"
                          << touch << "\nend 4\n";
  }
  // `more` flags come last.
  ProgramRun Storm(const std::vector<std::string>& more = {},
                   const std::vector<std::string>& environment = {}) {
    std::vector<std::string> flags = {"--trace=" + trace_,
                                      "--export_root=" + data_,
                                      "--svg=" + svg_,
                                      "--nodes=" + nodes_,
                                      "--rounds=1",
                                      "--operations_per_second=" + operations_per_second_,
                                      "--json"};
    flags.insert(flags.end(), more.begin(), more.end());
    return RunProgram("bench/storm", flags, environment);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  // Of the last line.
  static Json JsonOf(const ProgramRun& run) {
    const std::vector<std::string> lines =
        absl::StrSplit(absl::StripSuffix(run.standard_output, "\n"), '\n');
    return Json::parse(lines.back(), nullptr, /*allow_exceptions=*/false);
  }
  static Json RowOf(const Json& report, const std::string& name, const std::string& who) {
    for (const Json& row : report["rows"]) {
      if (row["case"] == name && row["who"] == who) return row;
    }
    return Json();
  }

  const ScratchDirectory scratch_ = ScratchDirectory::Make("/tmp").value();
  const std::string data_ = scratch_.File("data");
  const std::string trace_ = scratch_.File("trace");
  std::string svg_ = scratch_.File("storm.svg");
  std::string nodes_ = "1,3";
  std::string operations_per_second_ = "0";
};

TEST_F(StormTest, DirectNodesEachReachTheStoreAndCoppiceReachesItOnce) {
  WriteTrace("directory usr");
  const ProgramRun run = Storm();
  ASSERT_TRUE(run.end.success()) << run.standard_error;
  const Json report = JsonOf(run);
  ASSERT_TRUE(report.is_object()) << run.standard_output;
  const auto count = [&report](const char* nodes, const char* who, const char* name) {
    return RowOf(report, nodes, who)["counts"][name].get<uint64_t>();
  };
  EXPECT_EQ(count("1 node", "direct", "lookup"), 4u);  // d, one, no such file, usr
  EXPECT_EQ(count("1 node", "direct", "open"), 2u);    // one, and the mount itself
  EXPECT_EQ(count("3 nodes", "direct", "operations"), 3 * count("1 node", "direct", "operations"));
  EXPECT_EQ(count("3 nodes", "direct", "bytes"), 3 * count("1 node", "direct", "bytes"));
  for (const char* name : {"operations", "reads", "bytes"}) {
    EXPECT_EQ(count("3 nodes", "Coppice", name), count("1 node", "Coppice", name)) << name;
  }
  // Beside them what a node costs, the mean. IOCTL is not among the requests.
  const Json direct = RowOf(report, "3 nodes", "direct")["counts"];
  const Json coppice = RowOf(report, "3 nodes", "Coppice")["counts"];
  EXPECT_GE(direct["FUSE, no IOCTL"], 4 + 2 + 1);  // lookups, opens and a read
  EXPECT_GT(direct["client CPU"], 0);
  EXPECT_FALSE(direct.contains("RPCs"));
  EXPECT_GE(coppice["FUSE, no IOCTL"], 4 + 1);
  EXPECT_GT(coppice["client CPU"], 0);
  EXPECT_GT(coppice["CPU per peer"], 0);
  EXPECT_GE(coppice["RPCs"], 1);
  EXPECT_GE(coppice["RPCs up"], 1);
  EXPECT_GE(coppice["bytes per hop"], 5000);  // all of a file that is smaller than a block
  EXPECT_FALSE(RowOf(report, "1 node", "Coppice")["counts"].contains("RPCs up"));
  EXPECT_THAT(Read(svg_),
              AllOf(HasSubstr("<svg"), HasSubstr("directly"), HasSubstr("through Coppice")));
}

TEST_F(StormTest, EachNumberOfNodesIsMeasuredOnceTheSmallestFirst) {
  WriteTrace("directory usr");
  nodes_ = "2,1,2";
  const ProgramRun run = Storm();
  ASSERT_TRUE(run.end.success()) << run.standard_error;
  const Json report = JsonOf(run);
  std::vector<std::string> cases;
  for (const Json& row : report["rows"]) cases.push_back(row["case"]);
  EXPECT_THAT(cases, ElementsAre("1 node", "1 node", "2 nodes", "2 nodes"));
  std::vector<std::string> goals;
  for (const Json& goal : report["goals"]) goals.push_back(goal["name"]);
  EXPECT_THAT(goals, ElementsAre("operations of 2 nodes / 1 node", "bytes of 2 nodes / 1 node"));
}

TEST_F(StormTest, ATraceThatDoesNotFitIsAnErrorSinceNothingWouldBeMeasured) {
  WriteTrace("file no such file");
  const ProgramRun run = Storm();
  EXPECT_EQ(run.end.code, 1);
  EXPECT_THAT(run.standard_error, HasSubstr("'no such file' is missing"));
}

TEST_F(StormTest, TheStoreIsMountedBelowTmpdir) {
  WriteTrace("file no such file");
  const ProgramRun run = Storm({}, {"TMPDIR=" + scratch_.path()});
  EXPECT_THAT(run.standard_error, HasSubstr(scratch_.path() + "/coppice-bench-"));
}

TEST_F(StormTest, ATraceWithoutTouchesIsAnErrorSinceNothingWouldBeMeasured) {
  std::ofstream(trace_) << "coppice-trace 1\nend 0\n";
  const ProgramRun run = Storm();
  EXPECT_EQ(run.end.code, 1);
  EXPECT_THAT(run.standard_error, HasSubstr("'" + trace_ + "' has no touches"));
  EXPECT_TRUE(JsonOf(run)["rows"].empty());
}

TEST_F(StormTest, WhatLimitsTheStoreIsSaidAndSoIsWhatDoesNot) {
  WriteTrace("directory usr");
  const ProgramRun unlimited = Storm({"--latency=0", "--bytes_per_second=0"});
  ASSERT_TRUE(unlimited.end.success()) << unlimited.standard_error;
  EXPECT_THAT(unlimited.standard_output,
              HasSubstr("The store: no latency, no limit of operations/s, no limit of MB/s;"));
  operations_per_second_ = "5000";
  const ProgramRun limited = Storm({"--latency=2ms", "--bytes_per_second=1500000"});
  ASSERT_TRUE(limited.end.success()) << limited.standard_error;
  EXPECT_THAT(limited.standard_output,
              HasSubstr("The store: 2ms latency, 5000 operations/s, 1.5 MB/s;"));
}

TEST_F(StormTest, APictureThatCannotBeWrittenIsAnErrorBeforeAnythingIsMeasured) {
  WriteTrace("directory usr");
  svg_ = scratch_.File("no such directory/storm.svg");
  const ProgramRun run = Storm();
  EXPECT_EQ(run.end.code, 1);
  EXPECT_THAT(run.standard_error, AllOf(HasSubstr(svg_), Not(HasSubstr("1 node"))));
}

TEST_F(StormTest, ARunThatFailsLeavesThePictureAsItWas) {
  WriteTrace("file no such file");
  EXPECT_EQ(Storm().end.code, 1);
  EXPECT_FALSE(std::filesystem::exists(svg_));
  std::ofstream(svg_) << "that of before";
  EXPECT_EQ(Storm().end.code, 1);
  EXPECT_EQ(Read(svg_), "that of before");
}

TEST_F(StormTest, WhatCannotBeMeantIsRefusedBeforeAnythingIsDone) {
  WriteTrace("directory usr");
  for (const char* flag : {"--latency=abc", "--latency=-1ms", "--module=numpy; import os"}) {
    const ProgramRun run = Storm({flag});
    EXPECT_EQ(run.end.code, 2) << flag;
    EXPECT_EQ(run.standard_output, "") << flag;
    const std::string value = std::string(flag).substr(std::string(flag).find('=') + 1);
    EXPECT_THAT(run.standard_error, AllOf(HasSubstr(value), Not(HasSubstr("1 node")))) << flag;
  }
}

TEST_F(StormTest, AfterAReplayAnImportMakesFewRequests) {
  const ProgramRun run = RunProgram("bench/replay", {"--module=numpy", "--rounds=1", "--json"});
  ASSERT_TRUE(run.end.success()) << run.standard_error;
  const Json report = JsonOf(run);
  ASSERT_TRUE(report.is_object()) << run.standard_output;
  const Json replayed = RowOf(report, "import numpy", "after a replay");
  uint64_t requests = 0;
  for (const auto& [kind, count] : replayed["counts"].items()) {
    if (kind != "IOCTL" && IsFuseRequest(kind)) requests += count.get<uint64_t>();
  }
  // None, but for what the kernel dropped meanwhile.
  EXPECT_LE(requests, 20u) << replayed;
  const Json without = RowOf(report, "import numpy", "without");
  const Json replay = RowOf(report, "the replay itself", "Coppice");
  EXPECT_GT(without["counts"]["READ"].get<uint64_t>(), 0u);
  EXPECT_GT(replay["counts"]["READ"].get<uint64_t>(), 0u);
  for (const Json& row : {without, replay}) {
    EXPECT_GE(row["counts"]["RPCs"].get<uint64_t>(), 1u) << row;
    EXPECT_GT(row["counts"]["client CPU"].get<double>(), 0) << row;
    EXPECT_GT(row["counts"]["peer CPU"].get<double>(), 0) << row;
  }
  EXPECT_TRUE(replayed["counts"].contains("RPCs")) << replayed;
}

}  // namespace
}  // namespace coppice
