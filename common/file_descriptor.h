// An open file descriptor and its owner: closed when the owner goes. Not thread-safe. Never retries
// a close: on Linux the descriptor is gone whatever close(2) says.
#ifndef COPPICE_COMMON_FILE_DESCRIPTOR_H_
#define COPPICE_COMMON_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace coppice {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Reset();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { Reset(); }

  // -1 when it owns none.
  int get() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }
  void Reset() {
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_ = -1;
};

}  // namespace coppice

#endif  // COPPICE_COMMON_FILE_DESCRIPTOR_H_
