#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "deploy/called_as.h"
#include "deploy/launch_options.h"
#include "deploy/mount_table.h"
#include "deploy/warm_command.h"
#include "deploy/warm_progress.h"
#include "deploy/warm_report.h"
#include "trace/replay.h"
#include "trace/trace_file.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

constexpr char kDescription[] =
    "Reads through a mount what a recording says, ahead of the program that will: names, missing\n"
    "names, listings, and bytes. The first run on this node is then a warm one.";
constexpr char kExamples[] =
    "Examples:\n"
    "  fuse_client --record=torch.trace ..., one `import torch` through the mount, and its end\n"
    "      (bazel run //deploy:launch -- --record=torch.trace, and //deploy:stop)\n"
    "  bazel run //deploy:warm -- --trace=torch.trace\n"
    "      the same through the mount at /tmp/$USER/coppice, on every node before the ranks start\n"
    "Exit codes: 0 it is done, even if some of it no longer fits the tree, 1 it cannot be, 2 "
    "usage.";

void Say(absl::string_view text) { fprintf(stderr, "warm: %s\n", AsCalled(text).c_str()); }

// A name that leads nowhere is told by its own error.
absl::Status CheckMount(const std::string& mount) {
  std::error_code error;
  const std::string canonical = std::filesystem::canonical(mount, error).string();
  const auto type = MountTypeAt(error ? mount : canonical);
  if (!type.ok()) return type.status();
  if (error || *type == kCoppiceMountType) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("no Coppice is mounted at '", mount, "'; the mount point itself is needed"));
}

struct WarmOptions {
  unsigned threads = kReplayThreads;
  int progress_descriptor = -1;
};

absl::Status Warm(const std::string& file, const std::string& mount, const WarmOptions& options) {
  const auto trace = ReadTraceFile(file);
  if (!trace.ok()) return trace.status();
  if (absl::Status status = CheckMount(mount); !status.ok()) return status;
  // Who does not hear it any more is gone, or tells us so itself: the mount is warmed all the same.
  const auto tell = [&options](uint64_t bytes) {
    WriteWarmedBytes(options.progress_descriptor, bytes).IgnoreError();
  };
  const auto report =
      Replay(*trace, mount,
             {.threads = options.threads, .progress = [&tell](const ReplayProgress& progress) {
                Say(ProgressText(progress));
                tell(progress.bytes);
              }});
  if (!report.ok()) return report.status();
  tell(report->bytes);
  printf("%s\n", MovedText(*report).c_str());
  if (const std::string misfits = MisfitText(*trace, *report); !misfits.empty()) {
    printf("%s\n", misfits.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

int WarmMain(const std::vector<std::string>& arguments) {
  const LaunchSurroundings surroundings = FindLaunchSurroundings();
  std::string mount = absl::StrCat("/tmp/", surroundings.user, "/coppice");
  std::string file;
  WarmOptions options;
  CLI::App app(kDescription, "warm");
  app.footer(kExamples);
  app.add_option("mount", mount, "the mount")->type_name("MOUNT")->capture_default_str();
  app.add_option("--trace", file, "the recording")->type_name("FILE")->required();
  app.add_option("--threads", options.threads, "how much of it is under way at once")
      ->check(CLI::Range(1u, kReplayThreadsMax))
      ->capture_default_str();
  app.add_option("--progress_fd", options.progress_descriptor,
                 "write how many bytes were read until now to this descriptor, a line each second");
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  // Where the user is, and not where `bazel run` starts us.
  const std::filesystem::path here = surroundings.working_directory;
  const absl::Status warmed = Warm((here / file).string(), (here / mount).string(), options);
  if (warmed.ok()) return 0;
  Say(warmed.message());
  return kExitFailure;
}

}  // namespace coppice
