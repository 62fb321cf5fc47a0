// What the streams of one Exchange have moved, each message once, however much is in it.
// Thread-safe.
#ifndef COPPICE_RPC_EXCHANGE_COUNTERS_H_
#define COPPICE_RPC_EXCHANGE_COUNTERS_H_

#include <atomic>
#include <cstdint>

namespace coppice {

struct ExchangeCounters {
  std::atomic<uint64_t> messages_sent = 0;
  std::atomic<uint64_t> messages_received = 0;
};

}  // namespace coppice

#endif  // COPPICE_RPC_EXCHANGE_COUNTERS_H_
