#include "source/posix_attributes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "xxhash.h"

namespace coppice {
namespace {

absl::Time TimeFrom(const statx_timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.tv_sec) + absl::Nanoseconds(timestamp.tv_nsec);
}

Attributes AttributesFrom(const struct statx& st) {
  Attributes attributes{.mode = st.stx_mode,
                        .nlink = st.stx_nlink,
                        .uid = st.stx_uid,
                        .gid = st.stx_gid,
                        .rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor),
                        .size = st.stx_size,
                        .blocks = st.stx_blocks,
                        .block_size = st.stx_blksize,
                        .atime = TimeFrom(st.stx_atime),
                        .mtime = TimeFrom(st.stx_mtime),
                        .ctime = TimeFrom(st.stx_ctime),
                        .device = makedev(st.stx_dev_major, st.stx_dev_minor),
                        .inode = st.stx_ino};
  attributes.version = {.id = VersionIdOf(attributes), .size = attributes.size};
  return attributes;
}

uint64_t HashOf(absl::Span<const uint64_t> numbers) {
  std::array<unsigned char, 8 * sizeof(uint64_t)> bytes;
  size_t length = 0;
  for (const uint64_t number : numbers) {
    for (size_t i = 0; i < sizeof(number); ++i) {
      bytes[length++] = static_cast<unsigned char>(number >> (8 * i));
    }
  }
  return std::max<uint64_t>(XXH3_64bits(bytes.data(), length), 1);
}

uint64_t SecondsOf(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixSeconds(time)); }

uint64_t NanosecondsOf(absl::Time time) {
  return static_cast<uint64_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(absl::ToUnixSeconds(time))));
}

absl::StatusOr<Attributes> Statx(int descriptor, const char* name, int flags,
                                 const std::string& what) {
  struct statx st;
  if (statx(descriptor, name, flags | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS,
            &st) != 0) {
    return ErrnoStatus(errno, absl::StrCat("lstat '", what, "'"));
  }
  return AttributesFrom(st);
}

// The target of an open link. It never changes: a link is replaced, not rewritten.
absl::StatusOr<std::string> ReadLink(int link, const std::string& what) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = readlinkat(link, "", target.data(), target.size());
  if (length < 0) return ErrnoStatus(errno, absl::StrCat("read link '", what, "'"));
  // No kernel makes or resolves a link this long.
  if (length == PATH_MAX) return ErrnoStatus(ENAMETOOLONG, absl::StrCat("read link '", what, "'"));
  target.resize(static_cast<size_t>(length));
  return target;
}

}  // namespace

uint64_t VersionIdOf(const Attributes& attributes) {
  return HashOf({attributes.inode, attributes.size, SecondsOf(attributes.mtime),
                 NanosecondsOf(attributes.mtime), SecondsOf(attributes.ctime),
                 NanosecondsOf(attributes.ctime)});
}

uint64_t UnsettledVersionId(uint64_t version_id, absl::Time read_at) {
  const uint64_t id = HashOf({version_id, SecondsOf(read_at), NanosecondsOf(read_at)});
  return id != version_id ? id : ~id;
}

absl::StatusOr<Attributes> StatEntry(int directory, const std::string& name,
                                     const std::string& what) {
  absl::StatusOr<Attributes> attributes = Statx(directory, name.c_str(), 0, what);
  if (!attributes.ok() || !S_ISLNK(attributes->mode)) return attributes;
  // Attributes and target are taken from one open link: by name, the second question could meet
  // another link than the first.
  const int descriptor = openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return ErrnoStatus(errno, absl::StrCat("lstat '", what, "'"));
  const FileDescriptor link(descriptor);
  attributes = StatDescriptor(descriptor, what);
  if (!attributes.ok() || !S_ISLNK(attributes->mode)) return attributes;
  absl::StatusOr<std::string> target = ReadLink(descriptor, what);
  if (!target.ok()) return target.status();
  attributes->link_target = *std::move(target);
  return attributes;
}

absl::StatusOr<Attributes> StatDescriptor(int descriptor, const std::string& what) {
  return Statx(descriptor, "", AT_EMPTY_PATH, what);
}

}  // namespace coppice
