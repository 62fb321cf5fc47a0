// How `warm` tells who started it how far it is: lines with the bytes that were read until now, in
// decimal, on the descriptor named by its flag --progress_fd. Both ends of it. Not thread-safe.
#ifndef COPPICE_DEPLOY_WARM_PROGRESS_H_
#define COPPICE_DEPLOY_WARM_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace coppice {

// Does nothing for a negative descriptor. The errno when it cannot be written to.
absl::Status WriteWarmedBytes(int descriptor, uint64_t bytes);

class WarmedBytesReader {
 public:
  struct News {
    // Of the last whole line that came now; none: no line was ended.
    std::optional<uint64_t> bytes;
    // The other end is closed.
    bool closed = false;
  };

  // Reads once, what is there: it waits for nothing when `descriptor` is readable. INVALID_ARGUMENT
  // for a line that is no number.
  absl::StatusOr<News> Read(int descriptor);

 private:
  // Of a line that has not ended.
  std::string rest_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_WARM_PROGRESS_H_
