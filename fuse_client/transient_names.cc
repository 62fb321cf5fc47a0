#include "fuse_client/transient_names.h"

namespace coppice {

bool TransientNames::Add(absl::Time now, uint64_t node, const Path& directory, std::string name) {
  MutexLock lock(mutex_);
  while (!names_.empty() && names_.front().ends <= now) names_.pop_front();
  if (names_.size() >= names_max_) return false;
  names_.push_back({now + lifetime_, node, directory, std::move(name)});
  return true;
}

std::vector<std::pair<uint64_t, std::string>> TransientNames::NamesCovered(
    const Invalidation& invalidation) const {
  std::vector<std::pair<uint64_t, std::string>> covered;
  MutexLock lock(mutex_);
  for (const Name& name : names_) {
    if (invalidation.Covers(name.directory)) covered.emplace_back(name.node, name.name);
  }
  return covered;
}

}  // namespace coppice
