// Host expressions: many names in one word, as Slurm and ClusterShell write them.
//
//   nid[001-128,200]         padded: nid001 ... nid128 nid200
//   rack[1-4]node[01-16]     several dimensions, the last one fastest
//   n[0-8/2]                 with a step: n0 n2 n4 n6 n8
//   n[1-3]-ib0               text after the brackets
//   a,b[1-2]                 union; also '!' difference, '&' intersection, '^' one of both
//
// The operators stand between operands, without blanks, and are taken from left to right, none
// before another, as ClusterShell takes them. A number whose low end begins with a zero is as wide
// as that end. Brackets within brackets and ClusterShell's groups (@name) are errors.
//
// Not host lists, which have lines, comments and addresses: host_list.h. Pure, thread-safe.
#ifndef COPPICE_TREE_BUILDER_HOST_EXPRESSION_H_
#define COPPICE_TREE_BUILDER_HOST_EXPRESSION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

// The most names that one expression may stand for, those that its operators take away included.
inline constexpr size_t kExpansionMax = 2'000'000;
// The most digits of a number in brackets: more do not fit into 64 bits.
inline constexpr size_t kRangeDigitsMax = 18;

// Its names, each once, in the order of the text. INVALID_ARGUMENT with the column (the first
// character of the text is in `first_column`) and what is wrong there. What is left may be nothing:
// "a!a" has no names.
absl::StatusOr<std::vector<std::string>> ExpandHosts(absl::string_view expression,
                                                     size_t first_column = 1);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_HOST_EXPRESSION_H_
