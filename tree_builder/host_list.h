// Host lists: who takes part in a job, as text.
//
// One host expression a line (host_expression.h): a name, or many as in "nid[001-128,200]"; blank
// lines, white space around, and comments from '#' to the end of the line mean nothing. A name may
// come again, as in the node file of PBS, which has one line a rank: it counts once, at its first
// place. A short name and the only full name that begins with it ("n1", "n1.cluster") are one
// member, called as in its first place.
//
// A second column has the addresses of the line's members, with commas between, one for each
// network interface: "HOST:PORT" or "[IPv6]:PORT". In them %h stands for the member's name and %s
// for its short name, up to the first dot. Without the column they are those of the options.
//
// Pure, thread-safe.
#ifndef COPPICE_TREE_BUILDER_HOST_LIST_H_
#define COPPICE_TREE_BUILDER_HOST_LIST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tree_builder/member.h"

namespace coppice {

// Of one line, its comment included. A sparse expression of 100,000 hosts fits.
inline constexpr size_t kHostLineBytesMax = size_t{1} << 20;

// The members, in the order of the text; `addresses` is the second column for lines without one.
// INVALID_ARGUMENT, with line, column and what stands there, for a name or an address that cannot
// be, a third column, a name with two lists of addresses, an address of two names, a short name of
// two full ones, and a list above kMembersMax hosts or without one.
absl::StatusOr<std::vector<Member>> ParseHostList(absl::string_view text,
                                                  absl::string_view addresses);

// OK for what can be a second column.
absl::Status CheckAddressColumn(absl::string_view addresses);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_HOST_LIST_H_
