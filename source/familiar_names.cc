#include "source/familiar_names.h"

#include "absl/hash/hash.h"

namespace coppice {

void FamiliarNames::Want(const Path& path) {
  const size_t directory = absl::Hash<Path>()(path.Parent());
  MutexLock lock(mutex_);
  if (const auto known = names_.find(path.Name()); known != names_.end()) {
    if (known->second.directory != directory) known->second.familiar = true;
    return;
  }
  if (names_.size() == kNamesRememberedMax) {
    absl::erase_if(names_, [](const auto& name) { return !name.second.familiar; });
    if (names_.size() == kNamesRememberedMax) return;
  }
  names_.emplace(path.Name(), Name{.directory = directory});
}

bool FamiliarNames::IsFamiliar(absl::string_view name) const {
  MutexLock lock(mutex_);
  const auto known = names_.find(name);
  return known != names_.end() && known->second.familiar;
}

}  // namespace coppice
