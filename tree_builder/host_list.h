// Host lists: who takes part in a job, as text.
//
// One host a line; blank lines, white space around, and comments from '#' to the end of the line
// mean nothing. A name may come again, as in the node file of PBS, which has one line a rank: it
// counts once, at its first place. A second column is the address of that member, "host:port" or
// "[IPv6]:port", for members that share a machine; without one it is the name with the default
// port.
//
// Not a host range parser: "nid[001-128]" is an error that says so. Pure, thread-safe.
#ifndef COPPICE_TREE_BUILDER_HOST_LIST_H_
#define COPPICE_TREE_BUILDER_HOST_LIST_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tree_builder/member.h"

namespace coppice {

// Of one line, its comment included.
inline constexpr size_t kHostLineBytesMax = 4096;

// The members, in the order of the text. INVALID_ARGUMENT, with the number of the line and what
// stands there, for a name or an address that cannot be, a third column, a name with two addresses,
// an address of two names, and a list above kMembersMax hosts or without one.
absl::StatusOr<std::vector<Member>> ParseHostList(absl::string_view text, uint16_t default_port);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_HOST_LIST_H_
