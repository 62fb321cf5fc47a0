// A node of a job: what it is called and where its children reach it.
//
// Not the place of the node in a tree: that is tree_place.h. Pure values and functions,
// thread-safe.
#ifndef COPPICE_TREE_BUILDER_MEMBER_H_
#define COPPICE_TREE_BUILDER_MEMBER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coppice {

struct Member {
  // A host name, short or full; unique in its job.
  std::string name;
  // Each "host:port", or "[address]:port" for IPv6; several for several network interfaces.
  std::vector<std::string> addresses;

  // Where its children of that tree reach it: the trees take the addresses in turn. Empty for a
  // member without addresses, whom nobody can reach.
  const std::string& AddressIn(uint32_t tree) const;

  bool operator==(const Member&) const = default;
};

// The most members of one job. Ten times the largest machine there is.
inline constexpr size_t kMembersMax = 1'000'000;
// RFC 1035, section 2.3.4, without the closing dot.
inline constexpr size_t kHostNameBytesMax = 253;
// Network interfaces of one member. Machines have up to 8.
inline constexpr size_t kAddressesMax = 16;

// INVALID_ARGUMENT for what cannot be a host name: letters, digits, '.', '-' and '_' can (RFC 1123,
// and the underscore that machines in use have), and the first is a letter or a digit.
absl::Status CheckHostName(absl::string_view name);

// Letters, digits, '.', '-' and '_'.
bool IsHostNameCharacter(char character);

// The cure for the characters that people do write into host names, or nothing.
absl::string_view HostNameHint(char character);

// Up to the first dot: "n1" of "n1.cluster"; all of an IPv4 address.
absl::string_view ShortHostName(absl::string_view name);

// INVALID_ARGUMENT for what is neither "host:port" nor "[IPv6 address]:port". Resolves nothing.
absl::Status CheckAddress(absl::string_view address);

// The number with zeros before it, up to `width` digits.
std::string PaddedNumber(uint64_t number, size_t width);

// `text` for a message: printable, in quotes, and cut when it is long.
std::string Shown(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_MEMBER_H_
