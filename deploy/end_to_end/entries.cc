#include "deploy/end_to_end/entries.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

std::string TimeText(const timespec& time) {
  return absl::StrFormat("%d s %d ns", time.tv_sec, time.tv_nsec);
}

}  // namespace

std::vector<std::string> EntriesBelow(const std::string& directory) {
  std::vector<std::string> names = {"."};
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(directory, error), end; entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().string().substr(directory.size() + 1));
  }
  EXPECT_FALSE(error) << directory << ": " << error.message();
  std::sort(names.begin(), names.end());
  return names;
}

struct stat LinkStat(const std::string& path) {
  struct stat stat = {};
  EXPECT_EQ(lstat(path.c_str(), &stat), 0) << path << ": " << strerror(errno);
  return stat;
}

std::string AttributesText(const std::string& path) {
  struct stat stat = {};
  if (lstat(path.c_str(), &stat) != 0) return strerrorname_np(errno);
  return absl::StrFormat(
      "mode %o\nuid %u\ngid %u\nsize %d\nlinks %u\nblocks %d\nblock size %d\ndevice %x\n"
      "modified %s\nchanged %s\n",
      stat.st_mode, stat.st_uid, stat.st_gid, stat.st_size, stat.st_nlink, stat.st_blocks,
      stat.st_blksize, stat.st_rdev, TimeText(stat.st_mtim), TimeText(stat.st_ctim));
}

}  // namespace coppice
