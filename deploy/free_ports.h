// TCP ports of this machine that nobody listens on. What is free now may be taken the next moment:
// who needs a port in advance asks, tries, and asks again. Thread-safe: pure functions.
#ifndef COPPICE_DEPLOY_FREE_PORTS_H_
#define COPPICE_DEPLOY_FREE_PORTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace coppice {

// That many different ports of 127.0.0.1, as the kernel gives them out.
absl::StatusOr<std::vector<uint16_t>> FindFreePorts(size_t count);

// Whether one could listen on 127.0.0.1:port.
bool IsPortFree(uint16_t port);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_FREE_PORTS_H_
