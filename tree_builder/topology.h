// The shape of a tree: who is whose parent, by index. Knows no names and no addresses.
//
// A value, immutable once made; const members are thread-safe. Everything is O(members) to make,
// and without recursion, so that no tree file can exhaust the stack.
#ifndef COPPICE_TREE_BUILDER_TOPOLOGY_H_
#define COPPICE_TREE_BUILDER_TOPOLOGY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace coppice {

inline constexpr uint32_t kFanoutMax = 1024;
// Below the 64 hops after which a peer refuses a request (proto/peer.proto): a deeper tree could be
// built, but its leaves would get no answer.
inline constexpr uint32_t kDepthMax = 63;

class Topology {
 public:
  // From the parent of each member plus one, 0 for the root, as a tree file has it.
  // INVALID_ARGUMENT, naming the member, unless there is exactly one root, every parent is a
  // member, everybody reaches the root within kDepthMax steps, nobody has more than `fanout`
  // children, and fanout is within [1, kFanoutMax].
  static absl::StatusOr<Topology> FromParents(std::vector<uint32_t> parent_plus_one,
                                              uint32_t fanout);

  uint32_t size() const { return static_cast<uint32_t>(parent_plus_one_.size()); }
  uint32_t fanout() const { return fanout_; }
  uint32_t root() const { return root_; }

  // All below: REQUIRES index < size().
  // None for the root.
  std::optional<uint32_t> Parent(uint32_t index) const;
  // Steps to the root.
  uint32_t Depth(uint32_t index) const { return depths_[index]; }
  // Rising.
  absl::Span<const uint32_t> Children(uint32_t index) const;
  // From the parent up to the root; empty for the root.
  std::vector<uint32_t> Ancestors(uint32_t index) const;

  absl::Span<const uint32_t> parent_plus_one() const { return parent_plus_one_; }

 private:
  Topology() = default;

  absl::Status FindRoot();
  absl::Status CollectChildren();
  absl::Status MeasureDepths();

  uint32_t fanout_ = 0;
  uint32_t root_ = 0;
  std::vector<uint32_t> parent_plus_one_;
  std::vector<uint32_t> depths_;
  // The children of i are children_[first_child_[i]] up to children_[first_child_[i + 1]].
  std::vector<uint32_t> first_child_;
  std::vector<uint32_t> children_;
};

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TOPOLOGY_H_
