// Plays peer_server or fuse_client in tests: prints its arguments, says ready, and ends on SIGTERM.
// It mounts and serves nothing.
//
//   --fake=HOW      die: ends with exit code 9 before it is ready
//                   silent: never says ready
//                   stubborn: says ready, ignores SIGTERM
//                   lose_port: once, loses the port of its address in the tree file to another
//                   process
//   --fake_at=TEXT  only when another of its arguments contains the text; others say ready
//   --marker=FILE   for lose_port: made the first time, with the number of that other process in it
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace {

std::string Flag(const std::vector<std::string>& arguments, const std::string& name) {
  for (absl::string_view argument : arguments) {
    if (absl::ConsumePrefix(&argument, absl::StrCat("--", name, "="))) return std::string(argument);
  }
  return "";
}

// Lets another process listen on the first port in the tree file, and dies as a peer would that
// cannot.
void LosePort(const std::vector<std::string>& arguments) {
  const std::string marker = Flag(arguments, "marker");
  if (access(marker.c_str(), F_OK) == 0) return;
  std::ifstream file(Flag(arguments, "tree"));
  const std::string tree((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string host = "127.0.0.1:";
  const int port = atoi(tree.c_str() + tree.find(host) + host.size());
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (bind(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(server, 1) != 0) {
    _exit(3);
  }
  const pid_t stranger = fork();
  if (stranger == 0) {
    while (true) pause();
  }
  std::ofstream(marker) << stranger << std::flush;
  fprintf(stderr, "port %d is in use\n", port);
  _exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string how = Flag(arguments, "fake");
  const std::string at = Flag(arguments, "fake_at");
  bool here = false;
  for (const std::string& argument : arguments) {
    fprintf(stderr, "argument %s\n", argument.c_str());
    here = here || (absl::StrContains(argument, at) && !absl::StartsWith(argument, "--fake_at"));
  }
  if (!here) how = "";
  if (how == "die") {
    fprintf(stderr, "the cause of death\n");
    return 9;
  }
  if (how == "lose_port") LosePort(arguments);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  int ready_descriptor = -1;
  if (how != "silent" && absl::SimpleAtoi(Flag(arguments, "ready_fd"), &ready_descriptor)) {
    if (write(ready_descriptor, "ready\n", 6) != 6) return 4;
    close(ready_descriptor);
  }
  int signal = 0;
  do {
    sigwait(&signals, &signal);
  } while (how == "stubborn");
  return 0;
}
