// The part of MemorySource that a test steers the answers with: errors, holding, and the record.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "MemorySource: %s\n", what);
  std::abort();
}

// REQUIRES: not empty.
template <typename T>
T TakeFront(std::deque<T>& queue) {
  T front = std::move(queue.front());
  queue.pop_front();
  return front;
}

}  // namespace

absl::Status MemorySource::Arrive(Call call) {
  KindState& state = kinds_[call.kind];
  const auto of_path = state.errors_of_path.find(call.path);
  calls_.push_back(std::move(call));
  if (of_path != state.errors_of_path.end() && !of_path->second.empty()) {
    return TakeFront(of_path->second);
  }
  return state.errors.empty() ? absl::OkStatus() : TakeFront(state.errors);
}

void MemorySource::SetFileSystemStatistics(const FileSystemStatistics& statistics) {
  MutexLock lock(mutex_);
  statistics_ = statistics;
}

void MemorySource::FailNext(Kind kind, absl::Status error, int count) {
  MutexLock lock(mutex_);
  for (int i = 0; i < count; ++i) kinds_[kind].errors.push_back(error);
}

void MemorySource::FailNext(Kind kind, absl::string_view path, absl::Status error, int count) {
  const absl::StatusOr<Path> parsed = Path::Parse(path);
  Require(parsed.ok(), "FailNext of a path that cannot be");
  MutexLock lock(mutex_);
  for (int i = 0; i < count; ++i) kinds_[kind].errors_of_path[*parsed].push_back(error);
}

void MemorySource::CorruptNextBlock(absl::string_view path) {
  const absl::StatusOr<Path> parsed = Path::Parse(path);
  Require(parsed.ok(), "CorruptNextBlock of a path that cannot be");
  MutexLock lock(mutex_);
  Find(*parsed).corrupt_next = true;
}

void MemorySource::Hold(Kind kind) {
  MutexLock lock(mutex_);
  kinds_[kind].held = true;
}

void MemorySource::Release(Kind kind) {
  std::deque<absl::AnyInvocable<void() &&>> answers;
  {
    MutexLock lock(mutex_);
    KindState& state = kinds_[kind];
    state.held = false;
    answers.swap(state.answers);
  }
  for (auto& answer : answers) std::move(answer)();
}

void MemorySource::ReleaseOne(Kind kind) {
  absl::AnyInvocable<void() &&> answer;
  {
    MutexLock lock(mutex_);
    KindState& state = kinds_[kind];
    Require(!state.answers.empty(), "ReleaseOne without a held answer");
    answer = TakeFront(state.answers);
  }
  std::move(answer)();
}

size_t MemorySource::HeldCount(Kind kind) const {
  MutexLock lock(mutex_);
  const auto state = kinds_.find(kind);
  return state == kinds_.end() ? 0 : state->second.answers.size();
}

void MemorySource::AwaitHeld(Kind kind, size_t count) const {
  const auto limit = std::chrono::steady_clock::now() + kAwaitMax;
  MutexLock lock(mutex_);
  while (true) {
    const auto state = kinds_.find(kind);
    if (count == 0 || (state != kinds_.end() && state->second.answers.size() >= count)) return;
    const auto left = limit - std::chrono::steady_clock::now();
    Require(left.count() > 0, "AwaitHeld: the calls never came");
    held_changed_.WaitFor(mutex_, left);
  }
}

std::vector<MemorySource::Call> MemorySource::Calls() const {
  MutexLock lock(mutex_);
  return calls_;
}

size_t MemorySource::CallCount(Kind kind) const {
  MutexLock lock(mutex_);
  return static_cast<size_t>(std::count_if(calls_.begin(), calls_.end(),
                                           [kind](const Call& c) { return c.kind == kind; }));
}

size_t MemorySource::CallCount(Kind kind, absl::string_view path) const {
  MutexLock lock(mutex_);
  return static_cast<size_t>(std::count_if(
      calls_.begin(), calls_.end(),
      [kind, path](const Call& call) { return call.kind == kind && call.path.text() == path; }));
}

size_t MemorySource::BlockCallCount(absl::string_view path, uint64_t index) const {
  MutexLock lock(mutex_);
  return static_cast<size_t>(
      std::count_if(calls_.begin(), calls_.end(), [path, index](const Call& call) {
        return call.kind == Kind::kBlock && call.path.text() == path && call.index == index;
      }));
}

void MemorySource::ForgetCalls() {
  MutexLock lock(mutex_);
  calls_.clear();
}

}  // namespace coppice
