// FamiliarNames: names that were wanted in more than one directory (__pycache__,
// __init__.cpython-311.pyc, METADATA), and so are likely to be wanted in the next one that has
// them.
//
// Thread-safe; one short lock.
#ifndef COPPICE_SOURCE_FAMILIAR_NAMES_H_
#define COPPICE_SOURCE_FAMILIAR_NAMES_H_

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/mutex.h"
#include "source/path.h"

namespace coppice {

// Names that are remembered. When there are more, those that came up in one directory only are
// forgotten, and no new ones are learnt while all are familiar.
inline constexpr size_t kNamesRememberedMax = 4'096;

class FamiliarNames {
 public:
  // Something was wanted there. REQUIRES: !path.IsRoot().
  void Want(const Path& path);

  bool IsFamiliar(absl::string_view name) const;

 private:
  struct Name {
    size_t directory = 0;  // a hash of the directory where it was wanted first
    bool familiar = false;
  };

  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Name> names_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_FAMILIAR_NAMES_H_
