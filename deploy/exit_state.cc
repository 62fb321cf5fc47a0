#include "deploy/exit_state.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace coppice {

std::string ExitState::Describe() const {
  if (signal == 0) return absl::StrCat("ended with exit code ", code);
  const char* name = sigdescr_np(signal);
  return absl::StrCat("was killed by signal ", signal, " (", name == nullptr ? "unknown" : name,
                      ")");
}

}  // namespace coppice
