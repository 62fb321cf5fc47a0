// One of several trees over the same members: who is whose parent, by arithmetic alone.
//
// Every tree has the same shape, the complete tree of its fan-out: positions in breadth-first
// order, position 0 the root, the parent of position p at (p - 1) / fanout. Every level is full but
// the last, so no tree of this fan-out is flatter. With N members, I = ceil((N - 1) / fanout)
// positions are interior: 0 up to I - 1. Tree t lays its positions around the circle of the members
// from member t * I on, so that the interiors of the trees lie behind each other: as long as
// trees * I <= N nobody is interior in two of them, and beyond that the numbers of trees in which
// two members are interior differ by at most one. When the circle has come round to a start that
// another tree had (a multiple of N / gcd(I, N) trees later), the interior is turned by one within
// itself: another member of it is the root. So up to N trees have different roots.
//
// The same for every process, from (member, tree, member count, fan-out) only. A value; const
// members are thread-safe and O(1), but Ancestors and Depth, O(depth).
#ifndef COPPICE_TREE_BUILDER_ROTATED_TREE_H_
#define COPPICE_TREE_BUILDER_ROTATED_TREE_H_

#include <cstdint>
#include <optional>
#include <vector>

namespace coppice {

class RotatedTree {
 public:
  // REQUIRES: 0 < member_count <= kMembersMax, 0 < fanout, tree < member_count.
  RotatedTree(uint32_t member_count, uint32_t fanout, uint32_t tree);

  // Of each tree with these figures.
  static uint32_t InteriorCount(uint32_t member_count, uint32_t fanout);

  // All below: REQUIRES member < member_count.
  // None for the root.
  std::optional<uint32_t> Parent(uint32_t member) const;
  // By their positions.
  std::vector<uint32_t> Children(uint32_t member) const;
  // Steps to the root.
  uint32_t Depth(uint32_t member) const;
  bool IsInterior(uint32_t member) const { return PositionOf(member) < interior_count_; }

  uint32_t Root() const { return MemberAt(0); }
  // Of the deepest member.
  uint32_t Height() const { return Depth(MemberAt(member_count_ - 1)); }

 private:
  uint32_t MemberAt(uint32_t position) const;
  uint32_t PositionOf(uint32_t member) const;

  uint32_t member_count_;
  uint32_t fanout_;
  uint32_t interior_count_;
  // The member that the circle starts with.
  uint32_t start_;
  // How far the interior is turned within itself.
  uint32_t turn_;
};

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_ROTATED_TREE_H_
