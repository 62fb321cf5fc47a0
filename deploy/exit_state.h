// How a process ended. A plain value.
#ifndef COPPICE_DEPLOY_EXIT_STATE_H_
#define COPPICE_DEPLOY_EXIT_STATE_H_

#include <string>

namespace coppice {

struct ExitState {
  // When 0, the process ended by itself with `code`.
  int signal = 0;
  int code = 0;

  bool success() const { return signal == 0 && code == 0; }
  // In words: "ended with exit code 3", "was killed by signal 9 (Killed)".
  std::string Describe() const;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_EXIT_STATE_H_
