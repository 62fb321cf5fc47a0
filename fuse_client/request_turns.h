// RequestTurns: which of the threads that serve a mount waits for the kernel's next request, and
// how.
//
// One thread has the turn; the others are parked. It answers what it has read and keeps the turn
// meanwhile, so that the requests of one process, which come one after the other, are all served by
// one thread that is awake: where the last ones came quickly, it looks for the next one for
// kLookMax, giving its core to whoever wants it, before it sleeps in read(2). Waking a thread costs
// more than most answers do. When another request is there already once it has read one, it passes
// the turn on: many processes are served by as many threads as they have requests.
//
// Nothing that answers waits for another request (source.h). Should it do so all the same, Rescue
// passes the turn on.
//
// Thread-safe. The threads may be cancelled while they wait (libfuse ends its threads so).
#ifndef COPPICE_FUSE_CLIENT_REQUEST_TURNS_H_
#define COPPICE_FUSE_CLIENT_REQUEST_TURNS_H_

#include <semaphore.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace coppice {

// Requests of a process that does little else come within 20 to 50 us.
inline constexpr absl::Duration kLookMax = absl::Microseconds(60);
// An answer that takes longer waits for something.
inline constexpr absl::Duration kAnswerMax = absl::Milliseconds(100);
// How often to call Rescue.
inline constexpr absl::Duration kRescueInterval = absl::Seconds(1);

class RequestTurns {
 public:
  explicit RequestTurns(absl::Duration answer_max = kAnswerMax);
  ~RequestTurns();
  RequestTurns(const RequestTurns&) = delete;
  RequestTurns& operator=(const RequestTurns&) = delete;

  // read(2) of the next request, when it is this thread's turn. What the thread does until its next
  // call is the answer to it. A thread calls this of one RequestTurns only.
  ssize_t Read(int descriptor, void* buffer, size_t size);

  // Passes the turn on if its thread has been answering for longer than `answer_max`.
  void Rescue();

  // For tests: turns that were passed on because another request was there; and by Rescue.
  uint64_t passed_on() const { return passed_on_; }
  uint64_t rescued() const { return rescued_; }

 private:
  void Take();
  bool Give(uint64_t turn);

  const int64_t answer_max_ns_;
  sem_t free_;
  // Each time that a thread takes the turn it is another one; 0: nobody has it.
  std::atomic<uint64_t> turn_ = 0;
  std::atomic<uint64_t> last_turn_ = 0;
  // Of the thread that has the turn, by the monotonic clock, nanoseconds; 0: it waits.
  std::atomic<int64_t> answering_since_ = 0;
  // Whether the last request came so quickly that it is worth looking for the next. Only used by
  // the thread that has the turn.
  std::atomic<bool> looks_ = false;
  std::atomic<uint64_t> passed_on_ = 0;
  std::atomic<uint64_t> rescued_ = 0;
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_REQUEST_TURNS_H_
