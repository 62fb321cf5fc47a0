#include "source/shared_block_clients.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "source/shared_block_arena.h"

namespace coppice {

absl::StatusOr<uint64_t> SharedBlockClients::Add(FileDescriptor descriptor) {
  auto memory = SharedMapping::Map(std::move(descriptor), SharedMapping::Access::kReadAndWrite,
                                   SharedBlockClientBytes(entry_count_));
  if (!memory.ok()) return memory.status();
  MutexLock lock(mutex_);
  if (memories_.size() >= kSharedBlockClientsMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("this peer's memory has ", kSharedBlockClientsMax, " clients already"));
  }
  memories_.emplace(next_, *std::move(memory));
  return next_++;
}

void SharedBlockClients::Remove(uint64_t client) {
  MutexLock lock(mutex_);
  memories_.erase(client);
}

bool SharedBlockClients::IsPinned(uint64_t offset) const {
  MutexLock lock(mutex_);
  for (const auto& [client, memory] : memories_) {
    for (const std::atomic<uint64_t>& pinned : PinsOf(*memory).pinned) {
      // One order of all: the entry's end came before this, so a client whose pin comes after it
      // sees the end.
      if (pinned.load(std::memory_order_seq_cst) == offset + 1) return true;
    }
  }
  return false;
}

bool SharedBlockClients::TakeReadMark(uint64_t entry) {
  bool read = false;
  MutexLock lock(mutex_);
  for (const auto& [client, memory] : memories_) {
    SharedBlockReadMark& mark = MarkOf(*memory, entry);
    if (mark.load(std::memory_order_relaxed) == 0) continue;
    mark.store(0, std::memory_order_relaxed);
    read = true;
  }
  return read;
}

size_t SharedBlockClients::size() const {
  MutexLock lock(mutex_);
  return memories_.size();
}

SharedBlockPins& SharedBlockClients::PinsOf(const SharedMapping& memory) {
  return *reinterpret_cast<SharedBlockPins*>(memory.data());
}

SharedBlockReadMark& SharedBlockClients::MarkOf(const SharedMapping& memory, uint64_t entry) {
  return reinterpret_cast<SharedBlockReadMark*>(memory.data() + sizeof(SharedBlockPins))[entry];
}

}  // namespace coppice
