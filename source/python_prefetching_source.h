// PythonPrefetchingSource: when a compiled Python module begins to be read, fetches the modules
// that it is going to import, and what these import in turn.
//
// An interpreter that loads a package reads one small file after the other, each in a directory of
// its own that it lists first, and waits for all of it. What it reads next is written in the file
// that it has just read (python_imports.h), so all of it can be fetched at once: the listing of
// each package, that of its __pycache__, and the module in there, of the kind (interpreter,
// optimisation) that is being read.
//
// Where modules lie follows from the module that imports them: relative imports from its package,
// absolute ones from the directory above its topmost package, and from those where others were
// found last. What the interpreter's own search path says is not known. Only what the interpreter's
// search finds in these directories is fetched, so a directory that has no such module costs
// nothing.
//
// Imports are followed by a thread of this: there are thousands, and an answer that a reader waits
// for must not come behind them.
//
// Only reads of the local reader begin it (RequestContext::hops <= 1), as in prefetching_source.h
// and for the same reason. A module is examined once, as long as it is remembered. Bounded by the
// constants below and by Speculation. Thread-safe.
#ifndef COPPICE_SOURCE_PYTHON_PREFETCHING_SOURCE_H_
#define COPPICE_SOURCE_PYTHON_PREFETCHING_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Modules and names that are remembered; the least recently used is forgotten first, and would be
// examined again.
inline constexpr size_t kModulesRememberedMax = 16'384;
// A module that is longer is not looked at.
inline constexpr uint64_t kModuleBytesMax = 512 << 10;
// Directories where absolute imports are looked for; the one used longest ago is forgotten.
inline constexpr size_t kModuleRootsMax = 8;
// Modules that one read of the reader brings. Those that import each other, and are more than are
// remembered, would be fetched again and again for ever.
inline constexpr size_t kModulesAheadMax = 8'192;
// Imports, and names of theirs after `import`, that wait to be followed; further ones are not.
inline constexpr size_t kErrandsMax = 65'536;
// Packages in packages.
inline constexpr size_t kPackageLevelsMax = 32;

// Statistics, layer "python_prefetching": examined (modules), imports (of them),
// prefetched_listings, prefetched_blocks, prefetched_bytes (asked for; of what a cache has no
// second time goes further up).
class PythonPrefetchingSource : public Source, public Measurable {
 public:
  // Until all imports that are known now have been followed as far as answers are there. For tests.
  virtual void WaitUntilIdle() = 0;
};

// REQUIRES: `base` outlives the result.
std::unique_ptr<PythonPrefetchingSource> MakePythonPrefetchingSource(Source& base);

}  // namespace coppice

#endif  // COPPICE_SOURCE_PYTHON_PREFETCHING_SOURCE_H_
