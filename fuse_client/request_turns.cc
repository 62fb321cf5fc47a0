#include "fuse_client/request_turns.h"

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace coppice {
namespace {

// Of this thread; 0: none. It may have been given to another one since.
thread_local uint64_t own_turn = 0;

int64_t MonotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool IsReadable(int descriptor) {
  pollfd wanted = {.fd = descriptor, .events = POLLIN};
  return poll(&wanted, 1, 0) > 0;
}

// Looks until something is there, or the time is over.
void LookFor(int descriptor, int64_t until) {
  while (!IsReadable(descriptor) && MonotonicNanoseconds() < until) sched_yield();
}

}  // namespace

RequestTurns::RequestTurns(absl::Duration answer_max)
    : answer_max_ns_(absl::ToInt64Nanoseconds(answer_max)) {
  sem_init(&free_, /*pshared=*/0, /*value=*/1);
}

RequestTurns::~RequestTurns() { sem_destroy(&free_); }

void RequestTurns::Take() {
  // A signal is no turn.
  while (sem_wait(&free_) != 0 && errno == EINTR) {
  }
  own_turn = ++last_turn_;
  turn_ = own_turn;
}

bool RequestTurns::Give(uint64_t turn) {
  if (turn == 0 || !turn_.compare_exchange_strong(turn, 0)) return false;
  sem_post(&free_);
  return true;
}

ssize_t RequestTurns::Read(int descriptor, void* buffer, size_t size) {
  const bool kept = own_turn != 0 && turn_ == own_turn;
  if (!kept) Take();
  answering_since_ = 0;
  const int64_t look_max = absl::ToInt64Nanoseconds(kLookMax);
  const int64_t begin = MonotonicNanoseconds();
  if (kept && looks_) LookFor(descriptor, begin + look_max);
  const ssize_t length = read(descriptor, buffer, size);
  const int64_t end = MonotonicNanoseconds();
  looks_ = end - begin < 2 * look_max;
  answering_since_ = end;
  if (length > 0 && IsReadable(descriptor) && Give(own_turn)) ++passed_on_;
  return length;
}

void RequestTurns::Rescue() {
  const uint64_t turn = turn_;
  const int64_t since = answering_since_;
  if (since == 0 || MonotonicNanoseconds() - since < answer_max_ns_) return;
  if (Give(turn)) ++rescued_;
}

}  // namespace coppice
