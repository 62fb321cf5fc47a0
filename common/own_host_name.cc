#include "common/own_host_name.h"

#include <limits.h>
#include <unistd.h>

namespace coppice {

std::string OwnHostName() {
  // Where the name is cut, POSIX does not promise an end.
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, HOST_NAME_MAX) == 0 ? name : "";
}

}  // namespace coppice
