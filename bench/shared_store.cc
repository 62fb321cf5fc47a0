#include "bench/shared_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr mode_t kOwnerOnly = 0600;

}  // namespace

absl::StatusOr<SharedStore> SharedStore::Open(const std::string& file) {
  const FileDescriptor descriptor(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly));
  if (!descriptor.valid()) return ErrnoStatus(errno, absl::StrCat("open '", file, "'"));
  struct stat status;
  if (fstat(descriptor.get(), &status) != 0) return ErrnoStatus(errno, file);
  if (status.st_size != 0 && status.st_size != sizeof(State)) {
    return absl::InvalidArgumentError(absl::StrCat("'", file, "' is no state of a store"));
  }
  // Zeroes, which are the state of a new one; whoever came at the same moment does the same.
  if (ftruncate(descriptor.get(), sizeof(State)) != 0) return ErrnoStatus(errno, file);
  void* const memory =
      mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.get(), 0);
  if (memory == MAP_FAILED) return ErrnoStatus(errno, absl::StrCat("map '", file, "'"));
  return SharedStore(static_cast<State*>(memory));
}

SharedStore::~SharedStore() {
  if (state_ != nullptr) munmap(state_, sizeof(State));
}

}  // namespace coppice
