#include "peer_server/member_set.h"

#include <algorithm>
#include <bit>
#include <string>

#include "absl/strings/str_cat.h"

namespace coppice {

absl::StatusOr<MemberSet> MemberSet::Decode(const v1::MemberSet& message, uint32_t member_count) {
  MemberSet set;
  const uint64_t end = uint64_t{message.first_byte()} + message.bits().size();
  if (message.bits().empty()) return set;
  const int last_bits = std::bit_width(static_cast<uint8_t>(message.bits().back()));
  if ((end - 1) * 8 + last_bits > member_count) {
    return absl::InvalidArgumentError(
        absl::StrCat("a set of members goes beyond the ", member_count, " of the tree file"));
  }
  set.bytes_.resize(end);
  std::copy(message.bits().begin(), message.bits().end(),
            set.bytes_.begin() + message.first_byte());
  return set;
}

v1::MemberSet MemberSet::Encode() const {
  const auto is_set = [](uint8_t byte) { return byte != 0; };
  const auto first = std::find_if(bytes_.begin(), bytes_.end(), is_set);
  const auto end = std::find_if(bytes_.rbegin(), bytes_.rend(), is_set).base();
  v1::MemberSet message;
  if (first == bytes_.end()) return message;
  message.set_first_byte(static_cast<uint32_t>(first - bytes_.begin()));
  message.set_bits(std::string(first, end));
  return message;
}

void MemberSet::Insert(uint32_t member) {
  if (bytes_.size() <= member / 8) bytes_.resize(member / 8 + 1);
  bytes_[member / 8] |= static_cast<uint8_t>(1u << (member % 8));
}

bool MemberSet::Contains(uint32_t member) const {
  return member / 8 < bytes_.size() && (bytes_[member / 8] >> (member % 8) & 1) != 0;
}

size_t MemberSet::Count() const {
  size_t count = 0;
  for (const uint8_t byte : bytes_) count += static_cast<size_t>(std::popcount(byte));
  return count;
}

void MemberSet::UnionWith(const MemberSet& other) {
  bytes_.resize(std::max(bytes_.size(), other.bytes_.size()));
  for (size_t i = 0; i < other.bytes_.size(); ++i) bytes_[i] |= other.bytes_[i];
}

void MemberSet::IntersectWith(const MemberSet& other) {
  bytes_.resize(std::min(bytes_.size(), other.bytes_.size()));
  for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] &= other.bytes_[i];
}

void MemberSet::Subtract(const MemberSet& other) {
  const size_t common = std::min(bytes_.size(), other.bytes_.size());
  for (size_t i = 0; i < common; ++i) bytes_[i] &= static_cast<uint8_t>(~other.bytes_[i]);
}

std::vector<uint32_t> MemberSet::Members() const {
  std::vector<uint32_t> members;
  for (size_t i = 0; i < bytes_.size(); ++i) {
    for (uint32_t bit = 0; bit < 8; ++bit) {
      if ((bytes_[i] >> bit & 1) != 0) members.push_back(static_cast<uint32_t>(i * 8 + bit));
    }
  }
  return members;
}

bool MemberSet::operator==(const MemberSet& other) const {
  MemberSet mine = *this;
  MemberSet theirs = other;
  mine.Subtract(other);
  theirs.Subtract(*this);
  return mine.IsEmpty() && theirs.IsEmpty();
}

}  // namespace coppice
