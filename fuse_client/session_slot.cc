#include "fuse_client/session_slot.h"

#include <utility>

namespace coppice {

void SessionSlot::Invalidate(const Invalidation& invalidation,
                             absl::AnyInvocable<void() &&> done) const {
  if (FuseSession* const current = session(); current != nullptr) {
    return current->Invalidate(invalidation, std::move(done));
  }
  for (Invalidatable* layer : layers_) layer->Invalidate(invalidation);
  std::move(done)();
}

std::map<std::string, uint64_t> SessionSlot::Counters() const {
  FuseSession* const current = session();
  return current != nullptr ? current->Counters() : std::map<std::string, uint64_t>();
}

}  // namespace coppice
