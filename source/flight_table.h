// FlightTable: concurrent requests for one key become one request below (single flight).
//
// The first to ask for a key leads: it starts the request. Whoever asks before the answer arrives
// follows: it gets the same answer. A flight that ends is forgotten; the table remembers no answer.
//
// A failure goes to every waiter, except that a follower does not inherit what was only the
// leader's own trouble: when the leader's deadline passed and the follower's has not, or the leader
// was speculative and the follower is not, the follower asks again (one of them leads).
//
// Thread-safe. Nothing is called with a lock held.
#ifndef COPPICE_SOURCE_FLIGHT_TABLE_H_
#define COPPICE_SOURCE_FLIGHT_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/hash/hash.h"
#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "common/status.h"
#include "source/request_context.h"
#include "source/source.h"

namespace coppice {

// Followers that one flight takes; more are refused with RESOURCE_EXHAUSTED.
inline constexpr size_t kFollowersMax = 65'536;

struct FlightStatistics {
  std::atomic<uint64_t> led = 0;       // requests that went below
  std::atomic<uint64_t> followed = 0;  // requests that did not
  std::atomic<uint64_t> repeated = 0;  // followers that asked again after the leader's own trouble
  std::atomic<uint64_t> refused = 0;
};

template <typename Key, typename Value>
class FlightTable {
 public:
  // Sends a request below; the table calls it once for each leader.
  using Ask = absl::AnyInvocable<void(const Key&, const RequestContext&, Done<Value>) const>;

  FlightTable(Ask ask, FlightStatistics& statistics)
      : ask_(std::move(ask)), statistics_(statistics) {}
  FlightTable(const FlightTable&) = delete;
  FlightTable& operator=(const FlightTable&) = delete;

  void Request(const Key& key, const RequestContext& context, Done<Value> done) {
    std::shared_ptr<Flight> flight;
    {
      Shard& shard = ShardOf(key);
      MutexLock lock(shard.mutex);
      std::shared_ptr<Flight>& slot = shard.flights[key];
      if (slot == nullptr) {
        slot = flight = std::make_shared<Flight>();
        flight->leader = context;
      } else if (slot->waiters.size() < kFollowersMax) {
        slot->waiters.push_back({context, std::move(done)});
        statistics_.followed.fetch_add(1, std::memory_order_relaxed);
        return;
      }
    }
    if (flight == nullptr) {
      statistics_.refused.fetch_add(1, std::memory_order_relaxed);
      std::move(done)(absl::ResourceExhaustedError("more than kFollowersMax wait for one answer"));
      return;
    }
    statistics_.led.fetch_add(1, std::memory_order_relaxed);
    ask_(key, context,
         [this, key, flight, done = std::move(done)](absl::StatusOr<Value> answer) mutable {
           Land(key, flight, std::move(answer), std::move(done));
         });
  }

  // Whoever asks from now on for a key that `covers(key)` does not join a flight that is under way.
  template <typename Covers>
  void Detach(Covers covers) {
    for (Shard& shard : shards_) {
      MutexLock lock(shard.mutex);
      absl::erase_if(shard.flights, [&covers](const auto& slot) { return covers(slot.first); });
    }
  }

  // Flights under way that can be joined.
  size_t size() const {
    size_t flights = 0;
    for (const Shard& shard : shards_) {
      MutexLock lock(shard.mutex);
      flights += shard.flights.size();
    }
    return flights;
  }

 private:
  static constexpr size_t kShards = 16;

  struct Waiter {
    RequestContext context;
    Done<Value> done;
  };
  struct Flight {
    RequestContext leader;
    std::vector<Waiter> waiters;  // guarded by the mutex of the key's shard
  };
  struct Shard {
    mutable Mutex mutex;
    absl::flat_hash_map<Key, std::shared_ptr<Flight>> flights ABSL_GUARDED_BY(mutex);
  };

  Shard& ShardOf(const Key& key) { return shards_[(absl::Hash<Key>()(key) >> 32) % kShards]; }

  void Land(const Key& key, const std::shared_ptr<Flight>& flight, absl::StatusOr<Value> answer,
            Done<Value> done) {
    std::vector<Waiter> followers;
    {
      Shard& shard = ShardOf(key);
      MutexLock lock(shard.mutex);
      // After Detach the slot may be empty or another flight's.
      const auto slot = shard.flights.find(key);
      if (slot != shard.flights.end() && slot->second == flight) shard.flights.erase(slot);
      followers = std::move(flight->waiters);
    }
    for (Waiter& follower : followers) {
      if (IsLeadersOwnTrouble(answer.status(), flight->leader, follower.context)) {
        statistics_.repeated.fetch_add(1, std::memory_order_relaxed);
        Request(key, follower.context, std::move(follower.done));
      } else {
        std::move(follower.done)(answer);
      }
    }
    std::move(done)(std::move(answer));
  }

  static bool IsLeadersOwnTrouble(const absl::Status& status, const RequestContext& leader,
                                  const RequestContext& follower) {
    if (status.ok() || HasErrno(status)) return false;
    if (leader.speculative && !follower.speculative) return true;
    return absl::IsDeadlineExceeded(status) && follower.deadline > leader.deadline;
  }

  const Ask ask_;
  FlightStatistics& statistics_;
  std::array<Shard, kShards> shards_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_FLIGHT_TABLE_H_
