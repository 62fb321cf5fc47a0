#include "source/block_allocator.h"

#include <cerrno>
#include <new>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

class HeapBlockAllocator final : public BlockAllocator {
 public:
  absl::StatusOr<std::shared_ptr<char>> Allocate(size_t size) override {
    char* memory = new (std::nothrow) char[size == 0 ? 1 : size];
    if (memory == nullptr) return ErrnoStatus(ENOMEM, absl::StrCat("a block of ", size, " bytes"));
    return std::shared_ptr<char>(memory, std::default_delete<char[]>());
  }
};

}  // namespace

std::unique_ptr<BlockAllocator> MakeHeapBlockAllocator() {
  return std::make_unique<HeapBlockAllocator>();
}

}  // namespace coppice
