// The import of one Python module by every contender: cold, warm, and by several processes at once,
// in rounds. Within a round all are mounted side by side, so that warm imports alternate between
// them. Not thread-safe.
#ifndef COPPICE_BENCH_IMPORT_COMPARISON_H_
#define COPPICE_BENCH_IMPORT_COMPARISON_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/bench_context.h"
#include "bench/import_contender.h"
#include "bench/report.h"

namespace coppice {

struct ImportComparisonOptions {
  std::string module;
  // What Python says when it cannot import the module from the local disk goes there.
  std::string log_file;
  // How many import at once; 0: that is not measured.
  size_t at_once = 12;
  // Warm imports by each in a round.
  size_t warm_imports = 3;
};

// Adds the rows and the goals to the report, as far as it came. A module that Python cannot import
// from the local disk is a row that says so, and no error.
absl::Status CompareImports(const ImportComparisonOptions& options,
                            const std::vector<std::unique_ptr<ImportContender>>& contenders,
                            const BenchContext& context, Report& report);

}  // namespace coppice

#endif  // COPPICE_BENCH_IMPORT_COMPARISON_H_
