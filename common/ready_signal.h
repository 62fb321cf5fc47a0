// How a server tells the launcher that started it that it is ready: "ready\n" on a descriptor that
// the launcher gave it. No sleeping, no polling.
#ifndef COPPICE_COMMON_READY_SIGNAL_H_
#define COPPICE_COMMON_READY_SIGNAL_H_

#include "absl/status/status.h"

namespace coppice {

// Writes the line and closes the descriptor. Nothing happens for a negative one. The errno when the
// descriptor cannot be written to.
absl::Status SignalReady(int descriptor);

}  // namespace coppice

#endif  // COPPICE_COMMON_READY_SIGNAL_H_
