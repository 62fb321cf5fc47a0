// LibrarySearch: finds the file that the dynamic loader will open for the name of an object that
// another one needs, as far as can be told without the program's environment.
//
// Looks into the directory of the object that needs it, into those of its search path that are
// relative to it ($ORIGIN), and into those where libraries were seen last: what LD_LIBRARY_PATH
// says is not known here, but who had it set has opened others from there. A listing that is at
// hand answers; without one a name is asked for only where a library was seen. A wrong guess costs
// that request.
//
// Bounded by the constants below and by Speculation. Thread-safe.
#ifndef COPPICE_SOURCE_LIBRARY_SEARCH_H_
#define COPPICE_SOURCE_LIBRARY_SEARCH_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "common/mutex.h"
#include "source/source.h"
#include "source/speculation.h"

namespace coppice {

// Directories where libraries were seen; the one seen longest ago is forgotten.
inline constexpr size_t kLibraryDirectoriesMax = 8;
// Of one search path.
inline constexpr size_t kSearchPathMax = 16;
// libx.so.1 -> libx.so.1.2 -> ...
inline constexpr size_t kLibraryLinksMax = 4;

class LibrarySearch {
 public:
  // A regular file.
  using Found = absl::AnyInvocable<void(const Path&, const Version&) &&>;

  // A library was read here.
  void Saw(const Path& directory);

  // The directories to search for what an object in `directory` needs, without repeats.
  // `search_path` is its DT_RUNPATH or DT_RPATH, may be empty.
  std::vector<Path> DirectoriesFor(const Path& directory, absl::string_view search_path) const;

  // Calls `found` at most once, on any thread. REQUIRES: this outlives `speculation`, which asks.
  void Find(const std::string& name, std::vector<Path> directories, const RequestContext& context,
            Speculation& speculation, Found found);

 private:
  struct Quest;

  bool HasLibraries(const Path& directory) const;
  // Each looks further, or ends the quest.
  void SearchNextDirectory(std::shared_ptr<Quest> quest);
  void AskInDirectory(std::shared_ptr<Quest> quest);
  void Judge(std::shared_ptr<Quest> quest, const Attributes& attributes);

  mutable Mutex mutex_;
  std::vector<Path> seen_ ABSL_GUARDED_BY(mutex_);  // the one seen last is the last
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_LIBRARY_SEARCH_H_
