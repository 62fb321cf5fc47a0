#include "fuse_client/directory_watch.h"

#include <sys/stat.h>

namespace coppice {

// The answers of one tick. Shared with the requests, so that one that comes after Stop finds a
// place.
struct DirectoryWatch::Round {
  Mutex mutex;
  CondVar changed;
  size_t under_way ABSL_GUARDED_BY(mutex) = 0;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  std::vector<std::pair<uint64_t, absl::StatusOr<PathState>>> answers ABSL_GUARDED_BY(mutex);

  void Finish(uint64_t node, absl::StatusOr<PathState> answer) {
    MutexLock lock(mutex);
    answers.emplace_back(node, std::move(answer));
    --under_way;
    changed.NotifyAll();
  }
};

DirectoryWatch::DirectoryWatch(Source& source, const InodeTable& table, KernelCache& kernel,
                               const Clock& clock, DirectoryWatchOptions options)
    : source_(source), table_(table), kernel_(kernel), clock_(clock), options_(options) {}

DirectoryWatch::~DirectoryWatch() {
  Stop();
  std::shared_ptr<Round> round;
  {
    MutexLock lock(mutex_);
    round = round_;
  }
  if (round == nullptr) return;
  // The source must not go before its last answer.
  MutexLock lock(round->mutex);
  while (round->under_way > 0) round->changed.Wait(round->mutex);
}

bool DirectoryWatch::WatchName(uint64_t node, const Path& path, Version version) {
  if (version.id == 0) return false;
  MutexLock lock(mutex_);
  if (negative_names_ >= options_.negative_names_max) return false;
  Directory* watched = Watch(node, version, [&path] { return path.Parent(); });
  if (watched == nullptr) return false;
  if (watched->names.emplace(path.Name()).second) ++negative_names_;
  return true;
}

bool DirectoryWatch::WatchListing(uint64_t node, const Path& directory, Version version) {
  MutexLock lock(mutex_);
  return Watch(node, version, [&directory] { return directory; }) != nullptr;
}

DirectoryWatch::Directory* DirectoryWatch::Watch(uint64_t node, Version version,
                                                 absl::FunctionRef<Path()> path) {
  auto found = directories_.find(node);
  if (found == directories_.end()) {
    if (directories_.size() >= options_.directories_max && !Evict()) return nullptr;
    found = directories_.emplace(node, std::make_unique<Directory>()).first;
    found->second->path = path();
    found->second->version = version;
    found->second->place = by_use_.insert(by_use_.begin(), node);
  } else if (found->second->version != version) {
    found->second->changed = true;
  }
  Use(*found->second);
  return found->second.get();
}

bool DirectoryWatch::Evict() {
  if (by_use_.empty()) return false;
  const uint64_t node = by_use_.back();
  const Directory& directory = *directories_.at(node);
  if (directory.names.empty() && !directory.changed) {
    Take(node);
    evicted_listed_.insert(node);
    return true;
  }
  if (evicted_.size() >= options_.directories_max) return false;
  evicted_.push_back(Take(node));
  return true;
}

void DirectoryWatch::Use(Directory& directory) {
  directory.used_tick = tick_;
  by_use_.splice(by_use_.begin(), by_use_, directory.place);
}

void DirectoryWatch::Touch(uint64_t node) {
  MutexLock lock(mutex_);
  if (const auto found = directories_.find(node); found != directories_.end()) Use(*found->second);
}

void DirectoryWatch::Observe(uint64_t node, Version version) {
  MutexLock lock(mutex_);
  const auto found = directories_.find(node);
  if (found == directories_.end()) return;
  Use(*found->second);
  if (found->second->version != version) found->second->changed = true;
}

void DirectoryWatch::Drop(uint64_t node) {
  MutexLock lock(mutex_);
  evicted_listed_.erase(node);
  if (!directories_.contains(node)) return;
  negative_names_ -= Take(node).names.size();
}

DirectoryWatch::Dropped DirectoryWatch::Take(uint64_t node) {
  const auto found = directories_.find(node);
  Directory& directory = *found->second;
  Dropped dropped{.node = node, .path = std::move(directory.path), .changed = directory.changed};
  dropped.names.assign(directory.names.begin(), directory.names.end());
  by_use_.erase(directory.place);
  directories_.erase(found);
  return dropped;
}

std::vector<std::pair<uint64_t, std::string>> DirectoryWatch::TakeNames(
    const Invalidation& invalidation) {
  std::vector<std::pair<uint64_t, std::string>> names;
  MutexLock lock(mutex_);
  std::vector<uint64_t> covered;
  for (const auto& [node, directory] : directories_) {
    if (invalidation.Covers(directory->path)) covered.push_back(node);
  }
  for (const uint64_t node : covered) {
    Dropped dropped = Take(node);
    negative_names_ -= dropped.names.size();
    for (std::string& name : dropped.names) names.emplace_back(node, std::move(name));
  }
  // The kernel still has the names of the evicted ones, and the next tick is too late for an order.
  for (Dropped& dropped : evicted_) {
    if (!invalidation.Covers(dropped.path)) continue;
    negative_names_ -= dropped.names.size();
    for (std::string& name : dropped.names) names.emplace_back(dropped.node, std::move(name));
    dropped.names.clear();
  }
  return names;
}

std::vector<std::pair<uint64_t, Path>> DirectoryWatch::BeginTick(std::vector<Dropped>& dropped) {
  std::vector<std::pair<uint64_t, Path>> to_ask;
  MutexLock lock(mutex_);
  ++tick_;
  dropped.swap(evicted_);
  for (const uint64_t node : evicted_listed_) dropped.push_back({.node = node});
  evicted_listed_.clear();
  std::vector<uint64_t> ended;
  for (const auto& [node, directory] : directories_) {
    if (directory->changed || tick_ - directory->used_tick > kIdleTicksMax) {
      ended.push_back(node);
    } else {
      to_ask.emplace_back(node, directory->path);
    }
  }
  for (const uint64_t node : ended) dropped.push_back(Take(node));
  return to_ask;
}

void DirectoryWatch::Tick() {
  auto round = std::make_shared<Round>();
  std::vector<uint64_t> again;
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    round_ = round;
    again.swap(tell_again_);
  }
  for (const uint64_t node : again) kernel_.InvalidateNode(node);
  std::vector<Dropped> dropped;
  const auto to_ask = BeginTick(dropped);
  for (const Dropped& one : dropped) Tell(one);
  dropped.clear();
  Ask(to_ask, *round, round);
  std::vector<std::pair<uint64_t, absl::StatusOr<PathState>>> answers;
  {
    MutexLock lock(round->mutex);
    answers.swap(round->answers);
  }
  for (const auto& [node, answer] : answers) Judge(node, answer, dropped);
  for (const Dropped& one : dropped) Tell(one);
}

void DirectoryWatch::Ask(const std::vector<std::pair<uint64_t, Path>>& directories, Round& round,
                         const std::shared_ptr<Round>& shared_round) {
  for (const auto& [node, path] : directories) {
    {
      MutexLock lock(round.mutex);
      while (round.under_way >= options_.requests_max && !round.stopped) {
        round.changed.Wait(round.mutex);
      }
      if (round.stopped) return;
      ++round.under_way;
    }
    const RequestContext context{.deadline = clock_.Now() + options_.operation_timeout,
                                 .age_max = options_.negative_ttl};
    source_.GetAttributes(path, context,
                          [shared_round, node = node](absl::StatusOr<PathState> answer) {
                            shared_round->Finish(node, std::move(answer));
                          });
  }
  MutexLock lock(round.mutex);
  while (round.under_way > 0 && !round.stopped) round.changed.Wait(round.mutex);
}

void DirectoryWatch::Judge(uint64_t node, const absl::StatusOr<PathState>& answer,
                           std::vector<Dropped>& dropped) {
  if (!answer.ok()) return;
  const std::optional<Attributes>& attributes = answer->attributes;
  const bool gone = !attributes.has_value() || !S_ISDIR(attributes->mode);
  MutexLock lock(mutex_);
  const auto found = directories_.find(node);
  if (found == directories_.end()) return;
  if (!gone && !found->second->changed && attributes->version == found->second->version) return;
  Dropped one = Take(node);
  one.changed = true;
  one.gone = gone;
  dropped.push_back(std::move(one));
}

void DirectoryWatch::Tell(const Dropped& dropped) {
  for (const std::string& name : dropped.names) kernel_.InvalidateEntry(dropped.node, name);
  if (dropped.changed) {
    for (const std::string& name : table_.ChildNames(dropped.path)) {
      kernel_.ExpireEntry(dropped.node, name);
    }
  }
  kernel_.InvalidateNode(dropped.node);
  if (dropped.gone && !dropped.path.IsRoot()) {
    for (const uint64_t parent : table_.NodesAt(dropped.path.Parent())) {
      kernel_.ExpireEntry(parent, std::string(dropped.path.Name()));
    }
  }
  MutexLock lock(mutex_);
  negative_names_ -= dropped.names.size();
  // As many as can be dropped in one tick: the watched and the evicted.
  if (!dropped.gone && tell_again_.size() < 2 * options_.directories_max) {
    tell_again_.push_back(dropped.node);
  }
}

void DirectoryWatch::Stop() {
  std::shared_ptr<Round> round;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    round = round_;
  }
  if (round == nullptr) return;
  MutexLock lock(round->mutex);
  round->stopped = true;
  round->changed.NotifyAll();
}

size_t DirectoryWatch::directories() const {
  MutexLock lock(mutex_);
  return directories_.size();
}

size_t DirectoryWatch::negative_names() const {
  MutexLock lock(mutex_);
  return negative_names_;
}

}  // namespace coppice
