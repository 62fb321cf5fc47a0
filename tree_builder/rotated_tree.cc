#include "tree_builder/rotated_tree.h"

#include <algorithm>
#include <numeric>

namespace coppice {

uint32_t RotatedTree::InteriorCount(uint32_t member_count, uint32_t fanout) {
  return (member_count - 1 + fanout - 1) / fanout;
}

RotatedTree::RotatedTree(uint32_t member_count, uint32_t fanout, uint32_t tree)
    : member_count_(member_count),
      fanout_(fanout),
      interior_count_(InteriorCount(member_count, fanout)),
      start_(static_cast<uint32_t>(uint64_t{tree} * interior_count_ % member_count)),
      turn_(interior_count_ == 0 ? 0
                                 : tree / (member_count / std::gcd(interior_count_, member_count)) %
                                       interior_count_) {}

uint32_t RotatedTree::MemberAt(uint32_t position) const {
  const uint32_t offset =
      position < interior_count_ ? (position + turn_) % interior_count_ : position;
  return (start_ + offset) % member_count_;
}

uint32_t RotatedTree::PositionOf(uint32_t member) const {
  const uint32_t offset = (member + member_count_ - start_) % member_count_;
  return offset < interior_count_ ? (offset + interior_count_ - turn_) % interior_count_ : offset;
}

std::optional<uint32_t> RotatedTree::Parent(uint32_t member) const {
  const uint32_t position = PositionOf(member);
  if (position == 0) return std::nullopt;
  return MemberAt((position - 1) / fanout_);
}

std::vector<uint32_t> RotatedTree::Children(uint32_t member) const {
  std::vector<uint32_t> children;
  const uint64_t first = uint64_t{PositionOf(member)} * fanout_ + 1;
  const uint64_t end = std::min<uint64_t>(first + fanout_, member_count_);
  for (uint64_t i = first; i < end; ++i) children.push_back(MemberAt(static_cast<uint32_t>(i)));
  return children;
}

uint32_t RotatedTree::Depth(uint32_t member) const {
  uint32_t depth = 0;
  for (uint32_t position = PositionOf(member); position != 0; ++depth) {
    position = (position - 1) / fanout_;
  }
  return depth;
}

}  // namespace coppice
