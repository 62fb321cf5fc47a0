#include "source/shared_block_arena.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>
#include <random>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "source/extent_allocator.h"
#include "source/page_reserve.h"
#include "source/shared_block_clients.h"
#include "source/shared_block_layout.h"
#include "source/shared_mapping.h"

namespace coppice {
namespace {

constexpr uint64_t kPageBytes = 4096;
// An entry for each piece of cache of this size: a cache full of smaller blocks shows some of them.
constexpr uint64_t kBytesPerEntry = uint64_t{64} << 10;
constexpr uint64_t kEntriesMin = 4096;

uint64_t RoundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

SharedBlockHeader LayOut(size_t cache_bytes) {
  SharedBlockHeader header;
  std::random_device random;
  header.secret = (uint64_t{random()} << 32) | random();
  header.entry_count = std::bit_ceil(std::max(kEntriesMin, cache_bytes / kBytesPerEntry));
  header.entries_start = kPageBytes;
  header.data_start =
      RoundUp(header.entries_start + header.entry_count * sizeof(SharedBlockEntry), kPageBytes);
  header.data_bytes = RoundUp(cache_bytes + cache_bytes / kArenaSlackDivisor, kPageBytes);
  return header;
}

// What blocks refer to; it lives as long as the last of them.
class Memory {
 public:
  Memory(std::unique_ptr<SharedMapping> mapping, const SharedBlockHeader& header)
      : mapping_(std::move(mapping)),
        header_(*new (mapping_->data()) SharedBlockHeader(header)),
        entries_(reinterpret_cast<SharedBlockEntry*>(mapping_->data() + header.entries_start)),
        data_(mapping_->data() + header.data_start),
        clients_(header.entry_count),
        pages_(data_, header.data_bytes),
        extents_(header.data_bytes) {}

  int descriptor() const { return mapping_->descriptor(); }
  uint64_t capacity_bytes() const { return header_.data_bytes; }
  SharedBlockClients& clients() { return clients_; }
  char* At(uint64_t offset) const { return data_ + offset; }

  bool Holds(const char* bytes) const {
    return bytes >= data_ && bytes < data_ + header_.data_bytes;
  }

  // Room for a block, with memory behind it; nothing when there is none.
  std::optional<uint64_t> TakeExtent(uint64_t size) {
    std::optional<uint64_t> start;
    {
      MutexLock lock(extents_mutex_);
      FreeUnpinned();
      start = extents_.Allocate(size);
    }
    if (!start.has_value() || pages_.Take(*start + size)) return start;
    MutexLock lock(extents_mutex_);
    extents_.Free(*start, size);
    return std::nullopt;
  }

  // Nobody here uses the extent any more, and no client can find it.
  void GiveBack(uint64_t start, uint64_t size) {
    MutexLock lock(extents_mutex_);
    FreeUnpinned();
    if (clients_.IsPinned(start)) {
      pinned_.push_back({start, size});
    } else {
      extents_.Free(start, size);
    }
  }

  // The entry that shows the block from now on; nothing when the key's places are all taken.
  std::optional<uint64_t> Show(const BlockKey& key, const Block& block) {
    const SharedBlockKey hash = HashBlockKey(key, header_.secret);
    MutexLock lock(table_mutex_);
    for (size_t probe = 0; probe < kSharedBlockProbesMax; ++probe) {
      const uint64_t index = (hash.low + probe) & (header_.entry_count - 1);
      SharedBlockEntry& entry = entries_[index];
      const uint64_t life = entry.life.load(std::memory_order_acquire);
      if (life % 2 != 0) continue;
      clients_.TakeReadMark(index);  // of another block
      // Released: who sees one of these also sees that the entry's earlier life has ended.
      entry.key_low.store(hash.low, std::memory_order_release);
      entry.key_high.store(hash.high, std::memory_order_release);
      entry.offset.store(static_cast<uint64_t>(block.bytes().data() - data_),
                         std::memory_order_release);
      entry.length.store(static_cast<uint32_t>(block.size()), std::memory_order_release);
      entry.crc32c.store(block.crc32c(), std::memory_order_release);
      entry.life.store(life + 1, std::memory_order_seq_cst);
      return index;
    }
    return std::nullopt;
  }

  void Hide(uint64_t index) { entries_[index].life.fetch_add(1, std::memory_order_seq_cst); }

  uint64_t BytesInUse() const {
    MutexLock lock(extents_mutex_);
    return header_.data_bytes - extents_.free_bytes();
  }
  uint64_t ExtentsPinned() const {
    MutexLock lock(extents_mutex_);
    return pinned_.size();
  }

 private:
  struct Extent {
    uint64_t start;
    uint64_t size;
  };

  void FreeUnpinned() ABSL_EXCLUSIVE_LOCKS_REQUIRED(extents_mutex_) {
    std::erase_if(pinned_, [this](const Extent& extent) ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if (clients_.IsPinned(extent.start)) return false;
      extents_.Free(extent.start, extent.size);
      return true;
    });
  }

  const std::unique_ptr<SharedMapping> mapping_;
  const SharedBlockHeader& header_;
  SharedBlockEntry* const entries_;
  char* const data_;
  SharedBlockClients clients_;
  PageReserve pages_;
  Mutex table_mutex_;  // orders those who show
  mutable Mutex extents_mutex_;
  ExtentAllocator extents_ ABSL_GUARDED_BY(extents_mutex_);
  // At most one for each pin of each client.
  std::vector<Extent> pinned_ ABSL_GUARDED_BY(extents_mutex_);
};

class Shown final : public PublishedBlock {
 public:
  Shown(std::shared_ptr<Memory> memory, uint64_t entry, BlockRef block)
      : memory_(std::move(memory)), entry_(entry), block_(std::move(block)) {}
  // Before the block's memory can be given back.
  ~Shown() override { memory_->Hide(entry_); }

  bool TakeReadMark() override { return memory_->clients().TakeReadMark(entry_); }

 private:
  const std::shared_ptr<Memory> memory_;
  const uint64_t entry_;
  const BlockRef block_;
};

class Arena final : public SharedBlockArena {
 public:
  Arena(std::unique_ptr<SharedMapping> mapping, const SharedBlockHeader& header)
      : memory_(std::make_shared<Memory>(std::move(mapping), header)) {}

  absl::StatusOr<std::shared_ptr<char>> Allocate(size_t size) override {
    const std::optional<uint64_t> start = memory_->TakeExtent(std::max<size_t>(size, 1));
    if (!start.has_value()) {
      heap_blocks_.fetch_add(1, std::memory_order_relaxed);
      return heap_->Allocate(size);
    }
    return std::shared_ptr<char>(
        memory_->At(*start), [memory = memory_, start = *start, size = std::max<size_t>(size, 1)](
                                 char* /*bytes*/) { memory->GiveBack(start, size); });
  }

  std::unique_ptr<PublishedBlock> Publish(const BlockKey& key, BlockRef block) override {
    std::optional<uint64_t> entry;
    if (Holds(*block)) entry = memory_->Show(key, *block);
    (entry.has_value() ? published_ : not_published_).fetch_add(1, std::memory_order_relaxed);
    if (!entry.has_value()) return nullptr;
    return std::make_unique<Shown>(memory_, *entry, std::move(block));
  }

  int descriptor() const override { return memory_->descriptor(); }
  bool Holds(const Block& block) const override { return memory_->Holds(block.bytes().data()); }
  absl::StatusOr<ClientId> AddClient(FileDescriptor descriptor) override {
    return memory_->clients().Add(std::move(descriptor));
  }
  void RemoveClient(ClientId client) override { memory_->clients().Remove(client); }

  LayerStatistics Statistics() const override {
    return {.layer = "shared_blocks",
            .counters = {{"clients", memory_->clients().size()},
                         {"published", published_},
                         {"not_published", not_published_},
                         {"heap_blocks", heap_blocks_},
                         {"bytes", memory_->BytesInUse()},
                         {"pinned", memory_->ExtentsPinned()},
                         {"capacity_bytes", memory_->capacity_bytes()}}};
  }

 private:
  const std::shared_ptr<Memory> memory_;
  const std::unique_ptr<BlockAllocator> heap_ = MakeHeapBlockAllocator();
  std::atomic<uint64_t> published_ = 0;
  std::atomic<uint64_t> not_published_ = 0;
  std::atomic<uint64_t> heap_blocks_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SharedBlockArena>> MakeSharedBlockArena(size_t cache_bytes) {
  const SharedBlockHeader header = LayOut(cache_bytes);
  auto mapping = SharedMapping::Create("coppice-blocks", header.data_start + header.data_bytes,
                                       /*others_write=*/false);
  if (!mapping.ok()) return mapping.status();
  return std::make_unique<Arena>(*std::move(mapping), header);
}

}  // namespace coppice
