#include "deploy/testing/program_run.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/child_process.h"
#include "common/file_descriptor.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr absl::Duration kProgramMax = absl::Minutes(1);

// The text of a temporary file, which is removed.
std::string TakeText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  unlink(path.c_str());
  return text;
}

}  // namespace

ProgramRun RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment) {
  ProgramRun run = {.end = {.signal = -1}};
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(program, error);
  EXPECT_FALSE(error) << program << ": " << error.message();
  std::string output = absl::StrCat(testing::TempDir(), "output.XXXXXX");
  std::string log = absl::StrCat(testing::TempDir(), "errors.XXXXXX");
  const FileDescriptor output_file(mkstemp(output.data()));
  const FileDescriptor log_file(mkstemp(log.data()));

  ChildProcessOptions options = {.arguments = {path.string()},
                                 .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                 .log_file = log,
                                 .standard_output = output_file.get()};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.environment.insert(options.environment.end(), environment.begin(), environment.end());
  auto child = ChildProcess::Start(options);
  EXPECT_TRUE(child.ok()) << child.status();
  if (child.ok()) {
    const auto end = child->Wait({.deadline = absl::Now() + kProgramMax});
    EXPECT_TRUE(end.ok()) << program << ": " << end.status();
    if (end.ok()) run.end = *end;
  }
  run.standard_output = TakeText(output);
  run.standard_error = TakeText(log);
  return run;
}

}  // namespace coppice
