#include "deploy/end_to_end/as_user.h"

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace coppice {
namespace {

// Not an errno of Linux.
constexpr int kCannotBecome = 255;

}  // namespace

int RunAs(uid_t user, const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    const bool became = setgroups(0, nullptr) == 0 && setresgid(user, user, user) == 0 &&
                        setresuid(user, user, user) == 0;
    _exit(became ? work() : kCannotBecome);
  }
  int status = 0;
  const bool ended = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status);
  EXPECT_TRUE(ended);
  if (!ended) return -1;
  EXPECT_NE(WEXITSTATUS(status), kCannotBecome) << "cannot become user " << user;
  return WEXITSTATUS(status);
}

}  // namespace coppice
