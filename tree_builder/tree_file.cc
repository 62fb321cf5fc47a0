#include "tree_builder/tree_file.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"
#include "proto/tree.pb.h"
#include "tree_builder/read_text.h"

namespace coppice {
namespace {

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

absl::StatusOr<Trees> TakeTrees(v1::TreeFile& message) {
  TreesOptions options = {.fanout = message.fanout(), .tree_count = message.tree_count()};
  if (message.switches_size() > 0) {
    SwitchLayout& layout = options.switches;
    for (v1::Switch& one : *message.mutable_switches()) {
      layout.switches.push_back({std::move(*one.mutable_name()), one.parent_plus_one()});
    }
    for (const v1::Member& member : message.members()) {
      layout.switch_plus_one.push_back(member.switch_plus_one());
    }
  }
  return Trees::Make(static_cast<uint32_t>(message.members_size()), std::move(options));
}

}  // namespace

TreeFile::TreeFile(std::vector<Member> members, Trees trees)
    : members_(std::move(members)), trees_(std::move(trees)) {}

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
  absl::StatusOr<std::vector<Member>> members = TakeMembers(*message);
  if (!members.ok()) return members.status();
  absl::StatusOr<Trees> trees = TakeTrees(*message);
  if (!trees.ok()) return trees.status();
  return TreeFile(*std::move(members), *std::move(trees));
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

absl::StatusOr<TreeFile> TreeFile::Make(std::vector<Member> members, TreesOptions options) {
  absl::StatusOr<Trees> trees =
      Trees::Make(static_cast<uint32_t>(members.size()), std::move(options));
  if (!trees.ok()) return trees.status();
  return TreeFile(std::move(members), *std::move(trees));
}

// By hand: the text that protobuf prints may change from one of its versions to the next.
std::string TreeFile::Text() const {
  std::string text = absl::StrCat(
      "# Who is in the job; who is whose parent follows from it. Made by tree_builder.\nformat: ",
      kFormat, "\nfanout: ", trees_.fanout(), "\ntree_count: ", trees_.tree_count(), "\n");
  const SwitchLayout& layout = trees_.switches();
  for (const Switch& one : layout.switches) {
    absl::StrAppend(&text, "switches { name: \"", absl::CEscape(one.name), "\"");
    if (one.parent_plus_one != 0) {
      absl::StrAppend(&text, " parent_plus_one: ", one.parent_plus_one);
    }
    text += " }\n";
  }
  for (size_t i = 0; i < members_.size(); ++i) {
    // Names and addresses have no character that a quoted string would need to escape.
    absl::StrAppend(&text, "members { name: \"", members_[i].name, "\"");
    for (const std::string& address : members_[i].addresses) {
      absl::StrAppend(&text, " address: \"", address, "\"");
    }
    if (!layout.empty() && layout.switch_plus_one[i] != 0) {
      absl::StrAppend(&text, " switch_plus_one: ", layout.switch_plus_one[i]);
    }
    text += " }\n";
  }
  return text;
}

absl::StatusOr<std::string> TreeFileText(const std::vector<Member>& members,
                                         const TreesOptions& options) {
  const absl::StatusOr<TreeFile> tree_file = TreeFile::Make(members, options);
  if (!tree_file.ok()) return tree_file.status();
  return tree_file->Text();
}

absl::StatusOr<std::string> TreeFileText(const std::vector<Member>& members, uint32_t fanout) {
  return TreeFileText(members, TreesOptions{.fanout = fanout});
}

}  // namespace coppice
