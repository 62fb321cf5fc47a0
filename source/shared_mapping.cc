#include "source/shared_mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

// Linux 5.1; not in older headers.
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace coppice {
namespace {

absl::StatusOr<char*> MapWhole(int descriptor, size_t size, int protection) {
  void* const data = mmap(nullptr, size, protection, MAP_SHARED, descriptor, 0);
  if (data == MAP_FAILED) {
    return ErrnoStatus(errno, absl::StrCat("map ", size, " bytes of shared memory"));
  }
  return static_cast<char*>(data);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SharedMapping>> SharedMapping::Create(const std::string& name,
                                                                     size_t size,
                                                                     bool others_write) {
  FileDescriptor descriptor(memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!descriptor.valid()) return ErrnoStatus(errno, "make shared memory (memfd_create)");
  if (ftruncate(descriptor.get(), static_cast<off_t>(size)) != 0) {
    return ErrnoStatus(errno, absl::StrCat("make shared memory of ", size, " bytes"));
  }
  absl::StatusOr<char*> data = MapWhole(descriptor.get(), size, PROT_READ | PROT_WRITE);
  if (!data.ok()) return data.status();
  std::unique_ptr<SharedMapping> mapping(new SharedMapping(std::move(descriptor), *data, size));
  int seals = F_SEAL_SHRINK | F_SEAL_GROW;
  if (!others_write) seals |= F_SEAL_FUTURE_WRITE;
  if (fcntl(mapping->descriptor(), F_ADD_SEALS, seals | F_SEAL_SEAL) != 0) {
    return ErrnoStatus(errno, "seal shared memory");
  }
  return mapping;
}

absl::StatusOr<std::unique_ptr<SharedMapping>> SharedMapping::Map(FileDescriptor descriptor,
                                                                  Access access, size_t size_min) {
  struct stat attributes;
  if (fstat(descriptor.get(), &attributes) != 0) return ErrnoStatus(errno, "stat shared memory");
  const int seals = fcntl(descriptor.get(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    return absl::InvalidArgumentError("shared memory that is not sealed against shrinking");
  }
  const auto size = static_cast<size_t>(attributes.st_size);
  if (size < size_min || size == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("shared memory of ", size, " bytes instead of ", size_min));
  }
  absl::StatusOr<char*> data = MapWhole(
      descriptor.get(), size, access == Access::kRead ? PROT_READ : PROT_READ | PROT_WRITE);
  if (!data.ok()) return data.status();
  return std::unique_ptr<SharedMapping>(new SharedMapping(std::move(descriptor), *data, size));
}

SharedMapping::~SharedMapping() { munmap(data_, size_); }

}  // namespace coppice
