#include "bench/micro/directory_sample.h"

#include <sys/stat.h>

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace coppice {
namespace {

constexpr uint64_t kFirstInode = 0x100000000;
constexpr uint64_t kDevice = 0x10301;
constexpr uint64_t kFileBytes = 12'345;
// A moment with nanoseconds, in 2023.
constexpr int64_t kModifiedNanoseconds = 1'700'000'000'123'456'789;

}  // namespace

Attributes SampleAttributes(size_t number) {
  Attributes attributes;
  attributes.mode = S_IFREG | 0644;
  attributes.nlink = 1;
  attributes.uid = 4711;
  attributes.gid = 100;
  attributes.size = kFileBytes + number;
  attributes.blocks = (attributes.size + 511) / 512;
  attributes.block_size = 4096;
  attributes.mtime = absl::FromUnixNanos(kModifiedNanoseconds);
  attributes.atime = attributes.mtime + absl::Hours(1);
  attributes.ctime = attributes.mtime + absl::Milliseconds(1);
  attributes.device = kDevice;
  attributes.inode = kFirstInode + number;
  attributes.version = {.id = CookieOf(SampleName(number)), .size = attributes.size};
  return attributes;
}

std::string SampleName(size_t number) { return absl::StrCat("module_", number, ".py"); }

Listing SampleListing(size_t entries) {
  Listing listing;
  listing.directory = SampleAttributes(entries);
  listing.directory.mode = S_IFDIR | 0755;
  listing.confirmed_at = absl::FromUnixNanos(kModifiedNanoseconds) + absl::Hours(2);
  listing.entries.reserve(entries);
  for (size_t i = 0; i < entries; ++i) {
    Attributes attributes = SampleAttributes(i);
    const uint64_t inode = attributes.inode;
    listing.entries.push_back({.name = SampleName(i),
                               .type = S_IFREG,
                               .inode = inode,
                               .attributes = std::move(attributes)});
  }
  SortEntries(listing.entries);
  return listing;
}

}  // namespace coppice
