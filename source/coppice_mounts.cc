#include "source/coppice_mounts.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

constexpr size_t kReadBytes = 64 << 10;
// Some 100,000 mounts. A longer list is refused rather than cut.
constexpr size_t kMountinfoBytesMax = 16 << 20;

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// mountinfo writes space, tab, newline and backslash as \040 and so on.
std::string Unescape(absl::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) &&
        IsOctal(text[i + 3])) {
      plain.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                        (text[i + 3] - '0')));
      i += 3;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

absl::StatusOr<std::string> ReadAll(const std::string& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return ErrnoStatus(errno, absl::StrCat("open ", file));
  const FileDescriptor owner(descriptor);
  std::string text;
  while (text.size() <= kMountinfoBytesMax) {
    const size_t length = text.size();
    text.resize(length + kReadBytes);
    const ssize_t n = read(descriptor, text.data() + length, kReadBytes);
    if (n < 0 && errno != EINTR) return ErrnoStatus(errno, absl::StrCat("read ", file));
    text.resize(length + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    if (n == 0) return text;
  }
  return ErrnoStatus(EFBIG, absl::StrCat(file, " has more than ", kMountinfoBytesMax, " bytes"));
}

// The path of `below` under `directory`; nothing when it does not lie there.
std::optional<absl::string_view> Relative(absl::string_view below, absl::string_view directory) {
  if (!absl::ConsumePrefix(&below, directory == "/" ? "" : directory)) return std::nullopt;
  if (below.empty()) return below;
  if (!absl::ConsumePrefix(&below, "/")) return std::nullopt;
  return below;
}

}  // namespace

std::vector<std::string> ParseCoppiceMountPoints(absl::string_view mountinfo) {
  // 36 35 98:0 /root /mount/point rw,noatime [optional fields] - type device options
  constexpr size_t kMountPointField = 4;
  constexpr size_t kOptionalFields = 6;
  std::vector<std::string> mount_points;
  for (const absl::string_view line : absl::StrSplit(mountinfo, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    if (fields.size() < kOptionalFields) continue;
    const auto separator = std::find(fields.begin() + kOptionalFields, fields.end(), "-");
    if (separator == fields.end() || separator + 1 == fields.end()) continue;
    if (*(separator + 1) == kCoppiceFileSystemType) {
      mount_points.push_back(Unescape(fields[kMountPointField]));
    }
  }
  return mount_points;
}

std::vector<Path> MountsBelow(const std::vector<std::string>& mount_points,
                              absl::string_view directory) {
  std::vector<Path> mounts;
  for (const std::string& mount_point : mount_points) {
    if (Relative(directory, mount_point).has_value()) {
      mounts.push_back(Path());
    } else if (const auto below = Relative(mount_point, directory); below.has_value()) {
      // A mount point that no Path can name cannot be asked for either.
      absl::StatusOr<Path> path = Path::Parse(*below);
      if (path.ok()) mounts.push_back(*std::move(path));
    }
  }
  return mounts;
}

CoppiceMounts::CoppiceMounts(FileDescriptor watched, std::string export_root, std::string mountinfo)
    : watched_(std::move(watched)),
      export_root_(std::move(export_root)),
      mountinfo_(std::move(mountinfo)) {}

absl::StatusOr<std::unique_ptr<CoppiceMounts>> CoppiceMounts::Open(const std::string& export_root,
                                                                   const std::string& mountinfo) {
  const int watched = open(mountinfo.c_str(), O_RDONLY | O_CLOEXEC);
  if (watched < 0) return ErrnoStatus(errno, absl::StrCat("open ", mountinfo));
  std::unique_ptr<CoppiceMounts> mounts(
      new CoppiceMounts(FileDescriptor(watched), export_root, mountinfo));
  const absl::StatusOr<MountsRef> current = mounts->Current();
  if (!current.ok()) return current.status();
  if (std::find((*current)->begin(), (*current)->end(), Path()) != (*current)->end()) {
    return ErrnoStatus(ELOOP,
                       absl::StrCat("the export root '", export_root, "' is in a Coppice mount"));
  }
  return mounts;
}

absl::StatusOr<CoppiceMounts::MountsRef> CoppiceMounts::Read() const {
  const absl::StatusOr<std::string> text = ReadAll(mountinfo_);
  if (!text.ok()) return text.status();
  return std::make_shared<const std::vector<Path>>(
      MountsBelow(ParseCoppiceMountPoints(*text), export_root_));
}

absl::StatusOr<CoppiceMounts::MountsRef> CoppiceMounts::Current() {
  uint64_t changes = 0;
  {
    // The kernel tells each change to one poll only. The lock makes sure that whoever polls after
    // it sees changes_seen_; poll with no timeout looks at a number in the kernel, and waits for
    // nothing.
    MutexLock lock(mutex_);
    pollfd poll_request = {.fd = watched_.get(), .events = POLLPRI, .revents = 0};
    if (poll(&poll_request, 1, 0) != 0) ++changes_seen_;
    if (changes_read_ == changes_seen_) return mounts_;
    changes = changes_seen_;
  }
  // Several threads may read at once; each is right, and the latest stays.
  absl::StatusOr<MountsRef> mounts = Read();
  if (!mounts.ok()) return mounts;
  MutexLock lock(mutex_);
  if (changes > changes_read_) {
    changes_read_ = changes;
    mounts_ = *mounts;
    std::erase_if(logged_, [&mounts](const Path& path) {
      return std::find((*mounts)->begin(), (*mounts)->end(), path) == (*mounts)->end();
    });
  }
  return mounts;
}

absl::StatusOr<CoppiceMounts::MountsRef> CoppiceMounts::Allow(const Path& path) {
  absl::StatusOr<MountsRef> mounts = Current();
  if (!mounts.ok()) return mounts;
  for (const Path& mount : **mounts) {
    if (!path.IsWithin(mount)) continue;
    bool is_new = false;
    {
      MutexLock lock(mutex_);
      is_new = logged_.insert(mount).second;
    }
    if (is_new) spdlog::warn("'{}' is a Coppice mount: it is not read", mount.text());
    return ErrnoStatus(ELOOP, absl::StrCat("'", mount.text(), "' is a Coppice mount: reading ",
                                           "Coppice through Coppice would never end"));
  }
  return mounts;
}

}  // namespace coppice
