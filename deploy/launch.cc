// bazel run //deploy:launch: starts a service on this machine and leaves it running.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/interruption.h"
#include "deploy/launch_options.h"
#include "deploy/local_service.h"
#include "deploy/program_files.h"
#include "deploy/table.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;

void Say(absl::string_view text) {
  fprintf(stderr, "launch: %.*s\n", static_cast<int>(text.size()), text.data());
}

absl::Status Launch(const LaunchOptions& options) {
  const auto interruption = Interruption::Catch();
  if (!interruption.ok()) return interruption.status();
  auto programs = FindPrograms();
  if (!programs.ok()) return programs.status();
  auto service = LocalService::Start({.state_root = options.state_root,
                                      .service = options.service,
                                      .node_count = options.nodes,
                                      .mount_directory = options.mount,
                                      .fanout = options.fanout,
                                      .programs = *std::move(programs),
                                      .peer_flags = PeerFlags(options),
                                      .client_flags = ClientFlags(options),
                                      .timeout = options.timeout,
                                      .interrupt_descriptor = interruption->descriptor(),
                                      .progress = Say});
  if (!service.ok()) return service.status();
  Table table({"node", "mount", "unix socket", "TCP"}, /*align_left=*/true);
  for (const NodeRecord& node : (*service)->nodes()) {
    table.AddRow({node.name, node.mount_point, node.socket, node.address});
  }
  (*service)->Detach();
  fputs(table.Text().c_str(), stdout);
  Say(absl::StrCat("what is at ", options.export_root == "/" ? "" : options.export_root,
                   "/PATH is read through a mount as MOUNT/PATH; bazel run //deploy:stop ends it"));
  return absl::OkStatus();
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const coppice::ParsedLaunch parsed =
      coppice::ParseLaunchOptions(arguments, coppice::FindLaunchSurroundings());
  if (!parsed.options.has_value()) return parsed.exit_code;
  const absl::Status launched = coppice::Launch(*parsed.options);
  if (launched.ok()) return 0;
  coppice::Say(launched.message());
  coppice::Say("nothing was left running");
  return coppice::kExitFailure;
}
