#include "deploy/mount_table.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/str_split.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr char kMountInfo[] = "/proc/self/mountinfo";
constexpr size_t kMountPointField = 4;

bool IsOctal(char digit) { return digit >= '0' && digit <= '7'; }

// Space, tab, newline and backslash are written as \040 and so on.
std::string Unescape(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) &&
        IsOctal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

std::vector<Mount> ParseMountInfo(absl::string_view text) {
  std::vector<Mount> mounts;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    // Optional fields end with a lone "-", which the type follows.
    const auto separator = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() <= kMountPointField || fields.end() - separator < 2) continue;
    mounts.push_back({Unescape(fields[kMountPointField]), Unescape(*(separator + 1))});
  }
  return mounts;
}

absl::StatusOr<std::vector<Mount>> ReadMountTable() {
  std::ifstream file(kMountInfo, std::ios::binary);
  if (!file) return ErrnoStatus(errno, kMountInfo);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return ParseMountInfo(text);
}

absl::StatusOr<std::string> MountTypeAt(absl::string_view path) {
  const auto mounts = ReadMountTable();
  if (!mounts.ok()) return mounts.status();
  const auto topmost = std::find_if(mounts->rbegin(), mounts->rend(),
                                    [&](const Mount& mount) { return mount.mount_point == path; });
  return topmost == mounts->rend() ? std::string() : topmost->type;
}

}  // namespace coppice
