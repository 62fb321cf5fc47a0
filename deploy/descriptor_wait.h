// Waiting for descriptors with a deadline and for Ctrl-C at once: every wait of launch, stop and
// demo goes through here, so none of them hangs and each can be interrupted. Thread-safe: pure
// functions.
#ifndef COPPICE_DEPLOY_DESCRIPTOR_WAIT_H_
#define COPPICE_DEPLOY_DESCRIPTOR_WAIT_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace coppice {

// When to stop waiting.
struct WaitLimits {
  absl::Time deadline = absl::InfiniteFuture();
  // Readable once the user wants us to stop (Interruption::descriptor); -1: nobody can.
  int interrupt_descriptor = -1;
};

// Waits until one of them is readable, at end of file, or, for a pidfd, its process has ended;
// returns the index of the first that is. DEADLINE_EXCEEDED, or CANCELLED ("interrupted"), which
// comes first when both a descriptor and the interruption are there. A descriptor of -1 is never
// readable.
absl::StatusOr<size_t> WaitReadable(absl::Span<const int> descriptors, const WaitLimits& limits);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_DESCRIPTOR_WAIT_H_
