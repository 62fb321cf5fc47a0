#include "bench/store_counters.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace coppice {
namespace {

// In the order of StoreOperation.
constexpr std::array<absl::string_view, kStoreOperations> kNames = {"lookup", "getattr", "readlink",
                                                                    "open",   "readdir", "statfs"};
constexpr absl::string_view kReads = "reads";
constexpr absl::string_view kBytes = "bytes";

}  // namespace

uint64_t StoreFigures::OperationCount() const {
  uint64_t sum = 0;
  for (const auto& [name, count] : operations) sum += count;
  return sum;
}

void StoreCounters::Count(StoreOperation operation) {
  ++operations_[static_cast<size_t>(operation)];
}

void StoreCounters::CountRead(uint64_t bytes) {
  ++reads_;
  bytes_ += bytes;
}

std::string StoreCounters::Text() const {
  std::string text;
  for (size_t i = 0; i < kStoreOperations; ++i) {
    absl::StrAppend(&text, kNames[i], " ", operations_[i].load(), "\n");
  }
  absl::StrAppend(&text, kReads, " ", reads_.load(), "\n", kBytes, " ", bytes_.load(), "\n");
  return text;
}

absl::StatusOr<StoreFigures> ParseStoreFigures(absl::string_view text) {
  StoreFigures figures;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(line, ' ');
    uint64_t number = 0;
    if (!absl::SimpleAtoi(field.second, &number)) {
      return absl::InvalidArgumentError(absl::StrCat("'", line, "' is no figure of a store"));
    }
    if (field.first == kReads) {
      figures.reads = number;
    } else if (field.first == kBytes) {
      figures.bytes = number;
    } else {
      figures.operations[std::string(field.first)] = number;
    }
  }
  if (figures.operations.size() != kStoreOperations) {
    return absl::InvalidArgumentError(absl::StrCat("figures of ", figures.operations.size(),
                                                   " operations instead of ", kStoreOperations));
  }
  return figures;
}

absl::StatusOr<StoreFigures> ReadStoreFigures(const std::string& mount_point) {
  const std::string name = absl::StrCat(mount_point, "/", kCountersFile);
  const std::ifstream file(name);
  if (!file) return ErrnoStatus(errno > 0 ? errno : EIO, absl::StrCat("read '", name, "'"));
  std::ostringstream text;
  text << file.rdbuf();
  auto figures = ParseStoreFigures(text.str());
  if (!figures.ok()) return Annotate(figures.status(), name);
  return figures;
}

StoreFigures FiguresBetween(const StoreFigures& before, const StoreFigures& after) {
  StoreFigures between = after;
  for (auto& [name, count] : between.operations) {
    const auto found = before.operations.find(name);
    if (found != before.operations.end()) count -= found->second;
  }
  between.reads -= before.reads;
  between.bytes -= before.bytes;
  return between;
}

}  // namespace coppice
