// SharedMapping: a whole memfd in this process's memory, unmapped with its last owner.
//
// Only memory that cannot shrink is mapped: touching what another process has cut off would be a
// SIGBUS (memfd_create(2), "sealing").
#ifndef COPPICE_SOURCE_SHARED_MAPPING_H_
#define COPPICE_SOURCE_SHARED_MAPPING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"

namespace coppice {

class SharedMapping {
 public:
  enum class Access { kRead, kReadAndWrite };

  // A new sealed memfd of that size, and its mapping for reading and writing. `name` is seen in
  // /proc/PID/maps. After this nobody can map it for writing, unless `others_write`.
  static absl::StatusOr<std::unique_ptr<SharedMapping>> Create(const std::string& name, size_t size,
                                                               bool others_write);

  // What the descriptor is of. INVALID_ARGUMENT: not sealed
  // against shrinking, or shorter than `size_min`.
  static absl::StatusOr<std::unique_ptr<SharedMapping>> Map(FileDescriptor descriptor,
                                                            Access access, size_t size_min);

  ~SharedMapping();
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;

  char* data() const { return data_; }
  size_t size() const { return size_; }
  int descriptor() const { return descriptor_.get(); }

 private:
  SharedMapping(FileDescriptor descriptor, char* data, size_t size)
      : descriptor_(std::move(descriptor)), data_(data), size_(size) {}

  const FileDescriptor descriptor_;
  char* const data_;
  const size_t size_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_SHARED_MAPPING_H_
