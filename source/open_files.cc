#include "source/open_files.h"

namespace coppice {

OpenFiles::OpenFiles(const Clock& clock, const OpenFilesOptions& options)
    : clock_(clock), options_(options), closer_([this] { CloseIdle(); }) {}

OpenFiles::~OpenFiles() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  closer_.join();
}

absl::StatusOr<OpenFiles::FileRef> OpenFiles::Get(const Path& path, const Version& version,
                                                  Opener open) {
  const Key key(path, version);
  {
    MutexLock lock(mutex_);
    while (true) {
      const auto found = entries_.find(key);
      if (found == entries_.end()) break;
      if (found->second.file != nullptr) {
        found->second.used_at = clock_.Now();
        by_use_.splice(by_use_.end(), by_use_, found->second.place);
        return found->second.file;
      }
      opened_.Wait(mutex_);
    }
    entries_.emplace(key, Entry());
  }

  absl::StatusOr<OpenFile> opened = open();
  FileRef file;
  if (opened.ok()) file = std::make_shared<const OpenFile>(*std::move(opened));
  std::vector<FileRef> surplus;
  {
    MutexLock lock(mutex_);
    if (file == nullptr) {
      entries_.erase(key);
    } else {
      Entry& entry = entries_[key];
      entry.file = file;
      entry.used_at = clock_.Now();
      entry.place = by_use_.insert(by_use_.end(), key);
      surplus = TakeSurplus();
      changed_.NotifyOne();
    }
  }
  opened_.NotifyAll();
  if (file == nullptr) return opened.status();
  return file;
}

void OpenFiles::Drop(const Path& path, const Version& version) {
  FileRef dropped;  // closed after the lock is gone
  MutexLock lock(mutex_);
  const auto found = entries_.find(Key(path, version));
  if (found == entries_.end() || found->second.file == nullptr) return;
  dropped = std::move(found->second.file);
  by_use_.erase(found->second.place);
  entries_.erase(found);
}

size_t OpenFiles::Size() const {
  MutexLock lock(mutex_);
  return by_use_.size();
}

std::vector<OpenFiles::FileRef> OpenFiles::TakeSurplus() {
  std::vector<FileRef> surplus;
  const absl::Time now = clock_.Now();
  while (!by_use_.empty()) {
    const auto oldest = entries_.find(by_use_.front());
    if (by_use_.size() <= options_.files_max && now - oldest->second.used_at < options_.idle_max) {
      break;
    }
    surplus.push_back(std::move(oldest->second.file));
    entries_.erase(oldest);
    by_use_.pop_front();
  }
  return surplus;
}

void OpenFiles::CloseIdle() {
  const auto interval = absl::ToChronoMilliseconds(options_.idle_max);
  while (true) {
    std::vector<FileRef> surplus;
    {
      MutexLock lock(mutex_);
      while (by_use_.empty() && !stopping_) changed_.Wait(mutex_);
      if (!stopping_) changed_.WaitFor(mutex_, interval);
      if (stopping_) return;
      surplus = TakeSurplus();
    }
  }
}

}  // namespace coppice
