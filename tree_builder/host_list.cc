#include "tree_builder/host_list.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace coppice {
namespace {

// Where a name or an address was first seen.
struct FirstPlace {
  size_t member;
  size_t line;
};

absl::string_view WithoutComment(absl::string_view line) {
  return absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
}

// The member on a line. REQUIRES: the line is not blank.
absl::StatusOr<Member> ParseLine(absl::string_view line, uint16_t default_port) {
  const std::vector<absl::string_view> columns =
      absl::StrSplit(line, absl::ByAnyChar(" \t\r\v\f"), absl::SkipEmpty());
  if (absl::Status name = CheckHostName(columns[0]); !name.ok()) return name;
  if (columns.size() > 2) {
    return absl::InvalidArgumentError(absl::StrCat("a third column ", Shown(columns[2]), " in ",
                                                   Shown(line), "; a line is NAME [HOST:PORT]"));
  }
  if (columns.size() == 1) {
    return Member{.name = std::string(line), .address = absl::StrCat(line, ":", default_port)};
  }
  if (absl::Status address = CheckAddress(columns[1]); !address.ok()) return address;
  return Member{.name = std::string(columns[0]), .address = std::string(columns[1])};
}

// Collects members: each name once, each address once.
class MemberCollector {
 public:
  explicit MemberCollector(uint16_t default_port) : default_port_(default_port) {}

  absl::Status Add(absl::string_view line, size_t number) {
    absl::StatusOr<Member> member = ParseLine(line, default_port_);
    if (!member.ok()) return member.status();
    const FirstPlace here{.member = members_.size(), .line = number};
    if (const auto [name, is_new] = names_.try_emplace(member->name, here); !is_new) {
      const std::string& address = members_[name->second.member].address;
      if (address == member->address) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrCat(
          "the host ", Shown(member->name), " has the address ", Shown(member->address),
          " here and ", Shown(address), " on line ", name->second.line));
    }
    if (const auto [address, is_new] = addresses_.try_emplace(member->address, here); !is_new) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the host ", Shown(member->name), " has the address ", Shown(member->address), " of ",
          Shown(members_[address->second.member].name), " on line ", address->second.line));
    }
    if (members_.size() == kMembersMax) {
      return absl::InvalidArgumentError(absl::StrCat("more than ", kMembersMax, " hosts"));
    }
    members_.push_back(*std::move(member));
    return absl::OkStatus();
  }

  std::vector<Member> Take() { return std::move(members_); }

 private:
  const uint16_t default_port_;
  std::vector<Member> members_;
  absl::flat_hash_map<std::string, FirstPlace> names_;
  absl::flat_hash_map<std::string, FirstPlace> addresses_;
};

}  // namespace

absl::StatusOr<std::vector<Member>> ParseHostList(absl::string_view text, uint16_t default_port) {
  MemberCollector collector(default_port);
  size_t number = 0;
  for (const absl::string_view whole_line : absl::StrSplit(text, '\n')) {
    ++number;
    if (whole_line.size() > kHostLineBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", Shown(whole_line),
                                                     " is longer than ", kHostLineBytesMax,
                                                     " bytes"));
    }
    const absl::string_view line = WithoutComment(whole_line);
    if (line.empty()) continue;
    if (const absl::Status added = collector.Add(line, number); !added.ok()) {
      return Annotate(added, absl::StrCat("line ", number));
    }
  }
  std::vector<Member> members = collector.Take();
  if (members.empty()) {
    return absl::InvalidArgumentError(
        "no hosts: give one host name a line, for example the file that $PBS_NODEFILE names, or "
        "the "
        "output of 'scontrol show hostnames'");
  }
  return members;
}

}  // namespace coppice
