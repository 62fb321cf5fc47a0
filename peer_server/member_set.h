// MemberSet: a set of members of a job, by their index in the tree file; a bitmap.
//
// 12.5 KB for 100,000 members, and as much on the wire at most (proto/membership.proto). A value;
// const members are thread-safe.
#ifndef COPPICE_PEER_SERVER_MEMBER_SET_H_
#define COPPICE_PEER_SERVER_MEMBER_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/membership.pb.h"

namespace coppice {

class MemberSet {
 public:
  MemberSet() = default;

  // INVALID_ARGUMENT for one that has a member at or above `member_count`.
  static absl::StatusOr<MemberSet> Decode(const v1::MemberSet& message, uint32_t member_count);
  v1::MemberSet Encode() const;

  void Insert(uint32_t member);
  bool Contains(uint32_t member) const;
  size_t Count() const;
  bool IsEmpty() const { return Count() == 0; }

  void UnionWith(const MemberSet& other);
  void IntersectWith(const MemberSet& other);
  void Subtract(const MemberSet& other);

  // In rising order.
  std::vector<uint32_t> Members() const;

  bool operator==(const MemberSet& other) const;

 private:
  // May have zeros at its end.
  std::vector<uint8_t> bytes_;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_MEMBER_SET_H_
