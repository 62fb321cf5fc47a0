#include "tree_builder/tree_file.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"
#include "proto/tree.pb.h"
#include "tree_builder/read_text.h"

namespace coppice {
namespace {

// Parents on one line of the text. Of a tree of fan-out 4, four families.
constexpr uint32_t kParentsPerLine = 16;

// Keeps protobuf's first complaint; the ones after are mostly its consequences.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  // Protobuf counts from 0, editors from 1.
  void AddError(int line, int column, const std::string& message) override {
    if (message_.empty()) {
      message_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
    }
  }
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

absl::StatusOr<v1::TreeFile> ParseMessage(absl::string_view text) {
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  v1::TreeFile message;
  if (!parser.Parse(&stream, &message)) return absl::InvalidArgumentError(error.message());
  return message;
}

// A member's error, with its index and name.
absl::Status MemberError(size_t index, const Member& member, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("member ", index, " (", Shown(member.name), "): ", what));
}

absl::Status CheckAddresses(size_t index, const Member& member) {
  if (member.addresses.empty()) return MemberError(index, member, "it has no address");
  if (member.addresses.size() > kAddressesMax) {
    return MemberError(index, member,
                       absl::StrCat("it has more than ", kAddressesMax, " addresses"));
  }
  for (const std::string& address : member.addresses) {
    if (const absl::Status checked = CheckAddress(address); !checked.ok()) {
      return MemberError(index, member, checked.message());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Member>> TakeMembers(v1::TreeFile& message) {
  if (message.members().empty()) return absl::InvalidArgumentError("it has no members");
  if (message.members_size() > static_cast<int>(kMembersMax)) {
    return absl::InvalidArgumentError(absl::StrCat("it has more than ", kMembersMax, " members"));
  }
  std::vector<Member> members;
  members.reserve(message.members_size());
  absl::flat_hash_map<std::string, size_t> indices;
  for (v1::Member& entry : *message.mutable_members()) {
    Member member{.name = std::move(*entry.mutable_name()),
                  .addresses = {entry.address().begin(), entry.address().end()}};
    const size_t index = members.size();
    if (const absl::Status name = CheckHostName(member.name); !name.ok()) {
      return MemberError(index, member, name.message());
    }
    if (absl::Status addresses = CheckAddresses(index, member); !addresses.ok()) return addresses;
    if (const auto [first, is_new] = indices.try_emplace(member.name, index); !is_new) {
      return MemberError(index, member, absl::StrCat("member ", first->second, " has this name"));
    }
    members.push_back(std::move(member));
  }
  return members;
}

absl::StatusOr<Topology> TakeTopology(const v1::TreeFile& message) {
  if (message.trees_size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has ", message.trees_size(), " trees; exactly one is understood"));
  }
  const v1::Tree& tree = message.trees(0);
  if (tree.parent_plus_one_size() != message.members_size()) {
    return absl::InvalidArgumentError(absl::StrCat("its tree has ", tree.parent_plus_one_size(),
                                                   " parents for ", message.members_size(),
                                                   " members"));
  }
  return Topology::FromParents({tree.parent_plus_one().begin(), tree.parent_plus_one().end()},
                               tree.fanout());
}

void AppendTree(const Topology& topology, std::string& text) {
  absl::StrAppend(&text, "trees {\n  fanout: ", topology.fanout(), "\n");
  const absl::Span<const uint32_t> parents = topology.parent_plus_one();
  for (uint32_t i = 0; i < parents.size(); ++i) {
    const uint32_t place = i % kParentsPerLine;
    absl::StrAppend(&text, place == 0 ? "  parent_plus_one: [" : ", ", parents[i]);
    if (place == kParentsPerLine - 1 || i + 1 == parents.size()) text += "]\n";
  }
  text += "}\n";
}

}  // namespace

TreeFile::TreeFile(std::vector<Member> members, Topology topology)
    : members_(std::move(members)), topology_(std::move(topology)) {}

absl::StatusOr<TreeFile> TreeFile::Parse(absl::string_view text) {
  if (absl::StripAsciiWhitespace(text).empty()) {
    return absl::InvalidArgumentError("it is empty; tree_builder makes one");
  }
  // Protobuf counts bytes with an int.
  static_assert(kTextBytesMax < 0x7fffffff);
  if (text.size() > kTextBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("it is longer than ", kTextBytesMax, " bytes"));
  }
  absl::StatusOr<v1::TreeFile> message = ParseMessage(text);
  if (!message.ok()) return message.status();
  if (message->format() != kFormat) {
    return absl::InvalidArgumentError(
        absl::StrCat("its format is ", message->format(), "; only ", kFormat, " is understood"));
  }
  absl::StatusOr<Topology> topology = TakeTopology(*message);
  absl::StatusOr<std::vector<Member>> members = TakeMembers(*message);
  if (!members.ok()) return members.status();
  if (!topology.ok()) return topology.status();
  return TreeFile(*std::move(members), *std::move(topology));
}

absl::StatusOr<TreeFile> ReadTreeFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return Annotate(text.status(), "tree file");
  absl::StatusOr<TreeFile> tree_file = TreeFile::Parse(*text);
  if (!tree_file.ok()) {
    return Annotate(tree_file.status(), absl::StrCat("tree file '", path, "'"));
  }
  return tree_file;
}

// By hand: the text that protobuf prints may change from one of its versions to the next.
absl::StatusOr<std::string> TreeFileText(const std::vector<Member>& members, uint32_t fanout) {
  const absl::StatusOr<Topology> topology =
      BuildTree(static_cast<uint32_t>(members.size()), fanout);
  if (!topology.ok()) return topology.status();
  std::string text =
      absl::StrCat("# Who is in the job, and who is whose parent. Made by tree_builder.\nformat: ",
                   TreeFile::kFormat, "\n");
  for (const Member& member : members) {
    // Names and addresses have no character that a quoted string would need to escape.
    absl::StrAppend(&text, "members { name: \"", member.name, "\"");
    for (const std::string& address : member.addresses) {
      absl::StrAppend(&text, " address: \"", address, "\"");
    }
    text += " }\n";
  }
  AppendTree(*topology, text);
  return text;
}

}  // namespace coppice
