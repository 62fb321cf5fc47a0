// SharedBlockClients: what the clients of an arena say of its blocks: which they are reading, and
// which they have read. The peer's side of the client's memory in shared_block_layout.h.
//
// Thread-safe; one short lock.
#ifndef COPPICE_SOURCE_SHARED_BLOCK_CLIENTS_H_
#define COPPICE_SOURCE_SHARED_BLOCK_CLIENTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"
#include "common/mutex.h"
#include "source/shared_block_layout.h"
#include "source/shared_mapping.h"

namespace coppice {

class SharedBlockClients {
 public:
  explicit SharedBlockClients(uint64_t entry_count) : entry_count_(entry_count) {}

  // As SharedBlockArena::AddClient and RemoveClient.
  absl::StatusOr<uint64_t> Add(FileDescriptor descriptor);
  void Remove(uint64_t client);

  // Whether a client may be reading the block at this offset. Only sure when no client can find the
  // block any more.
  bool IsPinned(uint64_t offset) const;

  // Whether a client has read the entry's block since the last time; forgets it.
  bool TakeReadMark(uint64_t entry);

  size_t size() const;

 private:
  static SharedBlockPins& PinsOf(const SharedMapping& memory);
  static SharedBlockReadMark& MarkOf(const SharedMapping& memory, uint64_t entry);

  const uint64_t entry_count_;
  mutable Mutex mutex_;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint64_t, std::unique_ptr<SharedMapping>> memories_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_SHARED_BLOCK_CLIENTS_H_
