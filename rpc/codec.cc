#include "rpc/codec.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr uint32_t kNanosecondsPerSecond = 1'000'000'000;
constexpr uint64_t kInt64Max = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

// For answers.
absl::Status Invalid(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the peer's answer is not valid: ", what));
}

void EncodeTime(absl::Time time, v1::Timestamp* message) {
  const int64_t seconds = absl::ToUnixSeconds(time);  // rounds towards the past
  const int64_t rest = absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds));
  message->set_seconds(seconds);
  // Only a time beyond the range of a Timestamp, such as the infinite future, has more.
  message->set_nanoseconds(
      rest >= 0 && rest < int64_t{kNanosecondsPerSecond} ? static_cast<uint32_t>(rest) : 0);
}

absl::StatusOr<absl::Time> DecodeTime(const v1::Timestamp& message) {
  if (message.nanoseconds() >= kNanosecondsPerSecond) {
    return Invalid(absl::StrCat("a time of ", message.nanoseconds(), " nanoseconds in a second"));
  }
  return absl::FromUnixSeconds(message.seconds()) + absl::Nanoseconds(message.nanoseconds());
}

void EncodeVersion(const Version& version, v1::Version* message) {
  message->set_id(version.id);
  message->set_size(version.size);
}

Version DecodeVersion(const v1::Version& message) {
  return {.id = message.id(), .size = message.size()};
}

uint64_t EncodeAge(absl::Time confirmed_at, absl::Time now) {
  // Saturates. A time that lies ahead (the clock was set back) counts as now.
  return static_cast<uint64_t>(std::max<int64_t>(0, absl::ToInt64Nanoseconds(now - confirmed_at)));
}

absl::Time DecodeAge(uint64_t age_ns, absl::Time now) {
  return now - absl::Nanoseconds(static_cast<int64_t>(std::min(age_ns, kInt64Max)));
}

bool IsFileType(uint32_t type) {
  switch (type) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<Dentry> DecodeDentry(const v1::Dentry& message) {
  // The rules for a name are those of a path of one component.
  if (message.name().empty() || !Path().Child(message.name()).ok()) {
    return Invalid("an entry with a name that no file can have");
  }
  // 0: some file systems do not tell the type of an entry.
  if (message.type() != 0 && !IsFileType(message.type())) {
    return Invalid(absl::StrCat("an entry of type ", message.type()));
  }
  Dentry entry{.name = message.name(), .type = message.type(), .inode = message.inode()};
  if (message.has_attributes()) {
    auto attributes = DecodeAttributes(message.attributes());
    if (!attributes.ok()) return attributes.status();
    entry.attributes = *std::move(attributes);
  }
  return entry;
}

// Puts the entries into the listing, whose page is set.
absl::Status DecodeEntries(const v1::ReadDirPlusReply& message, Listing& listing) {
  listing.entries.reserve(static_cast<size_t>(message.entries_size()));
  uint64_t cookie_before = 0;  // below every cookie
  for (const v1::Dentry& entry_message : message.entries()) {
    auto entry = DecodeDentry(entry_message);
    if (!entry.ok()) return entry.status();
    const uint64_t cookie = CookieOf(entry->name);
    if (PageOf(cookie, listing.page.bits) != listing.page) {
      return Invalid("an entry of another page of the directory");
    }
    // Find and FirstAfter search by bisection: they rely on the order.
    if (cookie < cookie_before ||
        (cookie == cookie_before && entry->name <= listing.entries.back().name)) {
      return Invalid("entries out of order, or twice");
    }
    cookie_before = cookie;
    listing.entries.push_back(*std::move(entry));
  }
  return absl::OkStatus();
}

}  // namespace

void EncodeAttributes(const Attributes& attributes, v1::Attributes* message) {
  message->set_mode(attributes.mode);
  message->set_nlink(attributes.nlink);
  message->set_uid(attributes.uid);
  message->set_gid(attributes.gid);
  message->set_rdev(attributes.rdev);
  message->set_size(attributes.size);
  message->set_blocks(attributes.blocks);
  message->set_block_size(attributes.block_size);
  EncodeTime(attributes.atime, message->mutable_atime());
  EncodeTime(attributes.mtime, message->mutable_mtime());
  EncodeTime(attributes.ctime, message->mutable_ctime());
  message->set_device(attributes.device);
  message->set_inode(attributes.inode);
  EncodeVersion(attributes.version, message->mutable_version());
  if (!attributes.link_target.empty()) message->set_link_target(attributes.link_target);
}

absl::StatusOr<Attributes> DecodeAttributes(const v1::Attributes& message) {
  if (!IsFileType(message.mode() & S_IFMT)) {
    return Invalid(absl::StrCat("attributes of mode ", message.mode()));
  }
  const std::string& target = message.link_target();
  if (target.size() > Path::kPathBytesMax || target.find('\0') != std::string::npos) {
    return Invalid("a link target that no symbolic link can have");
  }
  const auto atime = DecodeTime(message.atime());
  if (!atime.ok()) return atime.status();
  const auto mtime = DecodeTime(message.mtime());
  if (!mtime.ok()) return mtime.status();
  const auto ctime = DecodeTime(message.ctime());
  if (!ctime.ok()) return ctime.status();
  return Attributes{.mode = message.mode(),
                    .nlink = message.nlink(),
                    .uid = message.uid(),
                    .gid = message.gid(),
                    .rdev = message.rdev(),
                    .size = message.size(),
                    .blocks = message.blocks(),
                    .block_size = message.block_size(),
                    .atime = *atime,
                    .mtime = *mtime,
                    .ctime = *ctime,
                    .device = message.device(),
                    .inode = message.inode(),
                    .version = DecodeVersion(message.version()),
                    .link_target = target};
}

void EncodePathState(const PathState& state, absl::Time now, v1::GetAttrReply* message) {
  if (state.attributes.has_value()) {
    EncodeAttributes(*state.attributes, message->mutable_attributes());
  }
  message->set_age_ns(EncodeAge(state.confirmed_at, now));
}

absl::StatusOr<PathState> DecodePathState(const v1::GetAttrReply& message, absl::Time now) {
  PathState state{.confirmed_at = DecodeAge(message.age_ns(), now)};
  if (message.has_attributes()) {
    auto attributes = DecodeAttributes(message.attributes());
    if (!attributes.ok()) return attributes.status();
    state.attributes = *std::move(attributes);
  }
  return state;
}

void EncodeListing(const Listing& listing, absl::Time now, v1::ReadDirPlusReply* message) {
  EncodeAttributes(listing.directory, message->mutable_directory());
  message->set_page_bits_needed(listing.bits_needed);
  message->set_age_ns(EncodeAge(listing.confirmed_at, now));
  message->mutable_entries()->Reserve(static_cast<int>(listing.entries.size()));
  for (const Dentry& entry : listing.entries) {
    v1::Dentry* entry_message = message->add_entries();
    entry_message->set_name(entry.name);
    entry_message->set_type(entry.type);
    entry_message->set_inode(entry.inode);
    if (entry.attributes.has_value()) {
      EncodeAttributes(*entry.attributes, entry_message->mutable_attributes());
    }
  }
}

absl::StatusOr<ListingRef> DecodeListing(const v1::ReadDirPlusReply& message,
                                         const DirectoryPage& page, absl::Time now) {
  if (!message.has_directory()) return Invalid("a listing without its directory");
  auto directory = DecodeAttributes(message.directory());
  if (!directory.ok()) return directory.status();
  if ((directory->mode & S_IFMT) != S_IFDIR) return Invalid("a listing of what is no directory");
  const uint32_t bits_needed = message.page_bits_needed();
  if (bits_needed != 0 &&
      (bits_needed <= page.bits || bits_needed > kPageBitsMax || message.entries_size() != 0)) {
    return Invalid(absl::StrCat("pages of ", bits_needed, " bits needed instead of ", page.bits,
                                ", with ", message.entries_size(), " entries"));
  }
  if (static_cast<size_t>(message.entries_size()) > kListingEntriesMax) {
    return Invalid(absl::StrCat("a listing of ", message.entries_size(), " entries; ",
                                kListingEntriesMax, " is the most"));
  }
  auto listing = std::make_shared<Listing>();
  listing->directory = *std::move(directory);
  listing->page = page;
  listing->bits_needed = bits_needed;
  listing->confirmed_at = DecodeAge(message.age_ns(), now);
  if (absl::Status status = DecodeEntries(message, *listing); !status.ok()) return status;
  return listing;
}

void EncodeFileSystemStatistics(const FileSystemStatistics& statistics, v1::FsStatReply* message) {
  message->set_block_size(statistics.block_size);
  message->set_fragment_size(statistics.fragment_size);
  message->set_blocks(statistics.blocks);
  message->set_blocks_free(statistics.blocks_free);
  message->set_blocks_available(statistics.blocks_available);
  message->set_files(statistics.files);
  message->set_files_free(statistics.files_free);
  message->set_files_available(statistics.files_available);
  message->set_name_bytes_max(statistics.name_bytes_max);
}

FileSystemStatistics DecodeFileSystemStatistics(const v1::FsStatReply& message) {
  return {.block_size = message.block_size(),
          .fragment_size = message.fragment_size(),
          .blocks = message.blocks(),
          .blocks_free = message.blocks_free(),
          .blocks_available = message.blocks_available(),
          .files = message.files(),
          .files_free = message.files_free(),
          .files_available = message.files_available(),
          .name_bytes_max = message.name_bytes_max()};
}

void EncodeContext(const RequestContext& context, v1::RequestOptions* message) {
  // 0 is "any age" on the wire, so that a client may leave it out; the least age is 1 ns. Ages of
  // more than 292 years are infinite.
  if (const int64_t age_ns = absl::ToInt64Nanoseconds(context.age_max);
      static_cast<uint64_t>(std::max<int64_t>(age_ns, 0)) < kInt64Max) {
    message->set_age_max_ns(static_cast<uint64_t>(std::max<int64_t>(age_ns, 1)));
  }
  message->set_speculative(context.speculative);
  message->set_hops(context.hops);
}

RequestContext DecodeContext(const v1::RequestOptions& message) {
  RequestContext context;
  if (message.age_max_ns() != 0 && message.age_max_ns() < kInt64Max) {
    context.age_max = absl::Nanoseconds(static_cast<int64_t>(message.age_max_ns()));
  }
  context.speculative = message.speculative();
  context.hops = message.hops();
  return context;
}

void EncodeBlockKey(const BlockKey& key, v1::ReadRequest* message) {
  message->set_path(key.path.text());
  EncodeVersion(key.version, message->mutable_version());
  message->set_block_index(key.index);
}

absl::StatusOr<BlockKey> DecodeBlockKey(const v1::ReadRequest& message) {
  auto path = Path::Parse(message.path());
  if (!path.ok()) return path.status();
  if (message.version().id() == 0) {
    return ErrnoStatus(EINVAL, "a request for a block without a version");
  }
  return BlockKey{.path = *std::move(path),
                  .version = DecodeVersion(message.version()),
                  .index = message.block_index()};
}

void EncodeSeek(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                v1::SeekRequest* message) {
  message->set_path(path.text());
  EncodeVersion(version, message->mutable_version());
  message->set_offset(offset);
  message->set_find_hole(kind == ExtentKind::kHole);
}

absl::StatusOr<Version> DecodeSeekVersion(const v1::SeekRequest& message) {
  if (message.version().id() == 0) {
    return ErrnoStatus(EINVAL, "a request to seek in a file without a version");
  }
  return DecodeVersion(message.version());
}

absl::StatusOr<uint64_t> DecodeSeekReply(const v1::SeekReply& message,
                                         const v1::SeekRequest& request) {
  const uint64_t size = request.version().size();
  // Data has at least one byte before the end.
  if (message.offset() < request.offset() || message.offset() > size ||
      (message.offset() == size && !request.find_hole())) {
    return absl::DataLossError(absl::StrCat("field offset of the answer: ", message.offset()));
  }
  return message.offset();
}

void EncodePage(const DirectoryPage& page, v1::ReadDirPlusRequest* message) {
  message->set_page_bits(page.bits);
  message->set_page_index(page.index);
}

absl::StatusOr<DirectoryPage> DecodePage(const v1::ReadDirPlusRequest& message) {
  if (message.page_bits() > kPageBitsMax || message.page_index() >= uint64_t{1}
                                                                        << message.page_bits()) {
    return ErrnoStatus(EINVAL, absl::StrCat("a request for page ", message.page_index(), " of 2^",
                                            message.page_bits()));
  }
  return DirectoryPage{.bits = message.page_bits(), .index = message.page_index()};
}

}  // namespace coppice
