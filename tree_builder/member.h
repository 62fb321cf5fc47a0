// A node of a job: what it is called and where its children reach it.
//
// Not the place of the node in a tree: that is tree_place.h. Pure values and functions,
// thread-safe.
#ifndef COPPICE_TREE_BUILDER_MEMBER_H_
#define COPPICE_TREE_BUILDER_MEMBER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coppice {

struct Member {
  // A host name, short or full; unique in its job.
  std::string name;
  // "host:port", or "[address]:port" for IPv6.
  std::string address;

  bool operator==(const Member&) const = default;
};

// The most members of one job. Ten times the largest machine there is.
inline constexpr size_t kMembersMax = 1'000'000;
// RFC 1035, section 2.3.4, without the closing dot.
inline constexpr size_t kHostNameBytesMax = 253;

// INVALID_ARGUMENT for what cannot be a host name: letters, digits, '.', '-' and '_' can (RFC 1123,
// and the underscore that machines in use have), and the first is a letter or a digit.
absl::Status CheckHostName(absl::string_view name);

// INVALID_ARGUMENT for what is neither "host:port" nor "[IPv6 address]:port". Resolves nothing.
absl::Status CheckAddress(absl::string_view address);

// `text` for a message: printable, in quotes, and cut when it is long.
std::string Shown(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_MEMBER_H_
