// Reads Slurm's topology.conf (topology.conf(5), plugin topology/tree): which hosts hang on which
// switch.
//
//   SwitchName=leaf0 Nodes=nid[000-015]
//   SwitchName=core  Switches=leaf[0-3] LinkSpeed=100
//
// Keys in any case; '#' begins a comment; a line that ends in '\' goes on. LinkSpeed means nothing
// to us; other keys are errors. Switches above which nobody of the job hangs are left out. Pure,
// thread-safe.
#ifndef COPPICE_TREE_BUILDER_SLURM_TOPOLOGY_H_
#define COPPICE_TREE_BUILDER_SLURM_TOPOLOGY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tree_builder/member.h"
#include "tree_builder/switch_layout.h"

namespace coppice {

struct MembersOnSwitches {
  // Of the members, in their order.
  SwitchLayout layout;
  // Members that the text does not list: each counts as a switch of its own, so that nothing is
  // believed of them.
  std::vector<std::string> unlisted;
};

// A member is listed by its name, or by its short name, up to the first dot, on either side.
// INVALID_ARGUMENT, with the line, for text that is no topology.conf, a host or a switch below two
// switches, a switch that is not there or below itself; and when none of the members is listed.
absl::StatusOr<MembersOnSwitches> ParseSlurmTopology(absl::string_view text,
                                                     const std::vector<Member>& members);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_SLURM_TOPOLOGY_H_
