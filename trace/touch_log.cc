#include "trace/touch_log.h"

#include <algorithm>
#include <iterator>

namespace coppice {
namespace {

// Of a node of the hash map and of the tree of ranges, about.
constexpr size_t kNodeBytes = 64;

}  // namespace

bool TouchLog::TakeRoom(size_t bytes) {
  if (full_ || bytes > bytes_max_ - bytes_) {
    full_ = true;
    return false;
  }
  bytes_ += bytes;
  return true;
}

TouchLog::KnownPaths::value_type* TouchLog::Find(const Path& path) {
  const auto found = known_.find(path);
  if (found != known_.end()) return &*found;
  if (!TakeRoom(sizeof(KnownPaths::value_type) + kNodeBytes + path.text().size())) return nullptr;
  return &*known_.try_emplace(path).first;
}

void TouchLog::Add(TouchKind kind, const Path& path) {
  MutexLock lock(mutex_);
  KnownPaths::value_type* const known = Find(path);
  if (known == nullptr) return;
  bool& seen = kind == TouchKind::kListing  ? known->second.listing
               : kind == TouchKind::kTarget ? known->second.target
                                            : known->second.name;
  if (seen || !TakeRoom(sizeof(Entry))) return;
  seen = true;
  entries_.push_back({.path = &known->first, .kind = kind});
}

void TouchLog::AddRead(const Path& path, uint64_t offset, uint64_t length) {
  if (length == 0) return;
  MutexLock lock(mutex_);
  KnownPaths::value_type* const known = Find(path);
  if (known == nullptr) return;
  std::map<uint64_t, size_t>& ranges = known->second.ranges;
  uint64_t begin = offset;
  uint64_t end = offset + length;
  size_t earliest = entries_.size();
  // All that meet the new range, which grows by them: the one before it, if it does, and then those
  // that start within.
  auto next = ranges.upper_bound(begin);
  if (next != ranges.begin()) {
    const Entry& before = entries_[std::prev(next)->second];
    if (before.offset + before.length >= begin) --next;
  }
  while (next != ranges.end() && next->first <= end) {
    Entry& met = entries_[next->second];
    begin = std::min(begin, met.offset);
    end = std::max(end, met.offset + met.length);
    earliest = std::min(earliest, next->second);
    met.length = 0;
    next = ranges.erase(next);
  }
  if (earliest == entries_.size()) {
    if (!TakeRoom(sizeof(Entry) + kNodeBytes)) return;
    entries_.push_back({.path = &known->first, .kind = TouchKind::kRead});
  }
  entries_[earliest].offset = begin;
  entries_[earliest].length = end - begin;
  ranges.emplace(begin, earliest);
}

Trace TouchLog::Snapshot() const {
  MutexLock lock(mutex_);
  Trace trace = {.complete = !full_};
  for (const Entry& entry : entries_) {
    if (entry.kind == TouchKind::kRead && entry.length == 0) continue;
    trace.touches.push_back({entry.kind, *entry.path, entry.offset, entry.length});
  }
  return trace;
}

bool TouchLog::full() const {
  MutexLock lock(mutex_);
  return full_;
}

}  // namespace coppice
