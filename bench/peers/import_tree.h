// The part of this machine that an import needs, copied under one root: the packages of the module,
// whole, and the shared libraries that the import maps, with their names. So every file system that
// is compared serves the same tree, and an image of it can be made. Blocks. Thread-safe: a function
// without state.
#ifndef COPPICE_BENCH_PEERS_IMPORT_TREE_H_
#define COPPICE_BENCH_PEERS_IMPORT_TREE_H_

#include <string>

#include "absl/status/status.h"
#include "bench/bench_context.h"

namespace coppice {

// Below `root`, which is made, at the paths that they have below /. FAILED_PRECONDITION when the
// module cannot be imported from the local disk; all that Python says then is in `root`.log.
absl::Status CopyImportTree(const std::string& module, const std::string& root,
                            const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_PEERS_IMPORT_TREE_H_
