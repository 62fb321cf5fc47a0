#include "source/stale_block.h"

#include <cerrno>

#include "common/status.h"

namespace coppice {

bool SaysVersionIsGone(const absl::Status& status) {
  if (!HasErrno(status)) return false;
  switch (StatusErrno(status)) {
    case ESTALE:
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EINVAL:
      return true;
    default:
      return false;
  }
}

}  // namespace coppice
