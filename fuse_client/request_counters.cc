#include "fuse_client/request_counters.h"

namespace coppice {
namespace {

// In the order of RequestKind.
constexpr std::array<const char*, static_cast<size_t>(RequestKind::kCount)> kNames = {
    "LOOKUP", "FORGET",  "GETATTR",     "READLINK", "OPEN",     "OPENDIR",
    "READ",   "READDIR", "READDIRPLUS", "STATFS",   "GETXATTR", "LISTXATTR",
    "LSEEK",  "IOCTL",   "FLUSH",       "FSYNC",    "REFUSED",
};
static_assert(kNames.back() != nullptr, "each kind has a name");

}  // namespace

std::map<std::string, uint64_t> RequestCounters::Snapshot() const {
  std::map<std::string, uint64_t> snapshot;
  for (size_t i = 0; i < kNames.size(); ++i) snapshot[kNames[i]] = counts_[i];
  snapshot["read_bytes"] = read_bytes_;
  return snapshot;
}

}  // namespace coppice
