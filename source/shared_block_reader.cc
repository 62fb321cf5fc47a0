#include "source/shared_block_reader.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <optional>
#include <utility>

#include "source/shared_block_layout.h"
#include "source/shared_mapping.h"

namespace coppice {
namespace {

// Both mappings, which blocks keep alive.
class Memory {
 public:
  Memory(std::unique_ptr<SharedMapping> peer, std::unique_ptr<SharedMapping> own,
         const SharedBlockHeader& header)
      : peer_(std::move(peer)),
        own_(std::move(own)),
        header_(header),
        entries_(reinterpret_cast<const SharedBlockEntry*>(peer_->data() + header.entries_start)),
        data_(peer_->data() + header.data_start),
        pins_(*reinterpret_cast<SharedBlockPins*>(own_->data())),
        marks_(reinterpret_cast<SharedBlockReadMark*>(own_->data() + sizeof(SharedBlockPins))) {}

  int own_descriptor() const { return own_->descriptor(); }
  uint64_t secret() const { return header_.secret; }
  uint64_t IndexOf(const SharedBlockKey& key, size_t probe) const {
    return (key.low + probe) & (header_.entry_count - 1);
  }
  const SharedBlockEntry& Entry(uint64_t index) const { return entries_[index]; }
  const char* At(uint64_t offset) const { return data_ + offset; }
  bool Contains(uint64_t offset, uint64_t length) const {
    return length <= header_.data_bytes && offset <= header_.data_bytes - length;
  }

  // True: nobody had read it.
  bool Mark(uint64_t index) {
    if (marks_[index].load(std::memory_order_relaxed) != 0) return false;
    marks_[index].store(1, std::memory_order_relaxed);
    return true;
  }

  // A pin of our own, which names nothing yet.
  std::optional<size_t> TakePin() {
    const size_t first = next_pin_.fetch_add(1, std::memory_order_relaxed);
    for (size_t i = 0; i < kSharedBlockPinsMax; ++i) {
      const size_t pin = (first + i) % kSharedBlockPinsMax;
      if (!taken_[pin].exchange(true, std::memory_order_acquire)) return pin;
    }
    return std::nullopt;
  }
  void Pin(size_t pin, uint64_t offset) {
    pins_.pinned[pin].store(offset + 1, std::memory_order_seq_cst);
  }
  void ReleasePin(size_t pin) {
    pins_.pinned[pin].store(0, std::memory_order_release);
    taken_[pin].store(false, std::memory_order_release);
  }

 private:
  const std::unique_ptr<SharedMapping> peer_;
  const std::unique_ptr<SharedMapping> own_;
  const SharedBlockHeader header_;
  const SharedBlockEntry* const entries_;
  const char* const data_;
  SharedBlockPins& pins_;
  SharedBlockReadMark* const marks_;
  std::atomic<size_t> next_pin_ = 0;
  std::array<std::atomic<bool>, kSharedBlockPinsMax> taken_{};
};

class Reader final : public SharedBlockReader {
 public:
  explicit Reader(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}

  FoundBlock Find(const BlockKey& key, bool for_reader) override {
    if (const std::optional<Place> place = PlaceOf(key); place.has_value()) {
      FoundBlock found = Take(key, place->index, place->life, for_reader);
      if (found.block != nullptr) {
        hits_.fetch_add(1, std::memory_order_relaxed);
        return found;
      }
    }
    misses_.fetch_add(1, std::memory_order_relaxed);
    return {};
  }

  bool Shows(const BlockKey& key) const override { return PlaceOf(key).has_value(); }

  int client_descriptor() const override { return memory_->own_descriptor(); }

  LayerStatistics Statistics() const override {
    return {.layer = "shared_blocks",
            .counters = {{"hits", hits_},
                         {"misses", misses_},
                         {"without_pin", without_pin_},
                         {"first_reads", first_reads_},
                         {"first_read_bytes", first_read_bytes_}}};
  }

 private:
  // An entry, and the life of it that has the key.
  struct Place {
    uint64_t index;
    uint64_t life;
  };

  std::optional<Place> PlaceOf(const BlockKey& key) const {
    const SharedBlockKey hash = HashBlockKey(key, memory_->secret());
    for (size_t probe = 0; probe < kSharedBlockProbesMax; ++probe) {
      const uint64_t index = memory_->IndexOf(hash, probe);
      const SharedBlockEntry& entry = memory_->Entry(index);
      const uint64_t life = entry.life.load(std::memory_order_acquire);
      if (life % 2 != 0 && entry.key_low.load(std::memory_order_acquire) == hash.low &&
          entry.key_high.load(std::memory_order_acquire) == hash.high) {
        return Place{index, life};
      }
    }
    return std::nullopt;
  }

  FoundBlock Take(const BlockKey& key, uint64_t index, uint64_t life, bool for_reader) {
    const SharedBlockEntry& entry = memory_->Entry(index);
    // Acquired: values of a later life would make the second look at the life see that one.
    const uint64_t offset = entry.offset.load(std::memory_order_acquire);
    const uint32_t length = entry.length.load(std::memory_order_acquire);
    const uint32_t crc32c = entry.crc32c.load(std::memory_order_acquire);
    const std::optional<size_t> pin = memory_->TakePin();
    if (!pin.has_value()) {
      without_pin_.fetch_add(1, std::memory_order_relaxed);
      return {};
    }
    memory_->Pin(*pin, offset);
    if (entry.life.load(std::memory_order_seq_cst) != life || length != key.LengthBytes() ||
        !memory_->Contains(offset, length)) {
      memory_->ReleasePin(*pin);
      return {};
    }
    const bool first_read = for_reader && memory_->Mark(index);
    if (first_read) {
      first_reads_.fetch_add(1, std::memory_order_relaxed);
      first_read_bytes_.fetch_add(length, std::memory_order_relaxed);
    }
    std::shared_ptr<const char> bytes(
        memory_->At(offset),
        [memory = memory_, pin = *pin](const char* /*bytes*/) { memory->ReleasePin(pin); });
    return {std::make_shared<const Block>(std::move(bytes), length, crc32c), first_read};
  }

  const std::shared_ptr<Memory> memory_;
  std::atomic<uint64_t> hits_ = 0;
  std::atomic<uint64_t> misses_ = 0;
  std::atomic<uint64_t> without_pin_ = 0;
  std::atomic<uint64_t> first_reads_ = 0;
  std::atomic<uint64_t> first_read_bytes_ = 0;
};

bool IsSound(const SharedBlockHeader& header, size_t size) {
  return header.magic == kSharedBlockMagic && std::has_single_bit(header.entry_count) &&
         header.entry_count <= size / sizeof(SharedBlockEntry) &&
         header.entries_start >= sizeof(SharedBlockHeader) && header.entries_start % 64 == 0 &&
         header.entries_start <= size && header.data_start <= size &&
         header.data_start - header.entries_start >=
             header.entry_count * sizeof(SharedBlockEntry) &&
         header.entries_start <= header.data_start && header.data_bytes <= size - header.data_start;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SharedBlockReader>> OpenSharedBlocks(FileDescriptor descriptor) {
  auto peer = SharedMapping::Map(std::move(descriptor), SharedMapping::Access::kRead,
                                 sizeof(SharedBlockHeader));
  if (!peer.ok()) return peer.status();
  const auto header = *reinterpret_cast<const SharedBlockHeader*>((*peer)->data());
  if (!IsSound(header, (*peer)->size())) {
    return absl::InvalidArgumentError("shared memory that is not a peer's of this version");
  }
  auto own = SharedMapping::Create("coppice-pins", SharedBlockClientBytes(header.entry_count),
                                   /*others_write=*/true);
  if (!own.ok()) return own.status();
  return std::make_unique<Reader>(
      std::make_shared<Memory>(*std::move(peer), *std::move(own), header));
}

}  // namespace coppice
