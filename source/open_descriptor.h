// A file descriptor with an owner: closed when its owner goes. Movable, not copyable.
#ifndef COPPICE_SOURCE_OPEN_DESCRIPTOR_H_
#define COPPICE_SOURCE_OPEN_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace coppice {

class OpenDescriptor {
 public:
  OpenDescriptor() = default;
  // Takes ownership. REQUIRES: open.
  explicit OpenDescriptor(int descriptor) : descriptor_(descriptor) {}
  OpenDescriptor(OpenDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, kNone)) {}
  OpenDescriptor& operator=(OpenDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  // Nothing is ever written, so close(2) has nothing to tell us.
  ~OpenDescriptor() {
    if (descriptor_ != kNone) close(descriptor_);
  }

  int get() const { return descriptor_; }

 private:
  static constexpr int kNone = -1;

  int descriptor_ = kNone;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_OPEN_DESCRIPTOR_H_
