#include "source/posix_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/shared_work.h"
#include "common/status.h"
#include "source/posix_attributes.h"

namespace coppice {
namespace {

constexpr size_t kNamesBufferBytes = 64 << 10;
// Stat'ed by one thread, one after the other.
constexpr size_t kEntriesPerPiece = 16;

// So many more bits that a page is expected to be half full: names do not spread evenly.
uint32_t BitsNeeded(const DirectoryPage& page, size_t entry_count) {
  uint32_t bits = 1;
  while ((entry_count >> bits) > kListingEntriesMax / 2) ++bits;
  return std::min(page.bits + bits, kPageBitsMax);
}

// Reads the names of the page from the start of the directory. Of more than kListingEntriesMax it
// keeps none; *count has their number in any case.
absl::Status ReadPage(int descriptor, const Path& path, const DirectoryPage& page,
                      std::vector<Dentry>& entries, size_t& count) {
  const std::string what = absl::StrCat("read directory '", path.text(), "'");
  entries.clear();
  count = 0;
  if (lseek(descriptor, 0, SEEK_SET) != 0) return ErrnoStatus(errno, what);
  const std::unique_ptr<char[]> buffer(new char[kNamesBufferBytes]);
  while (true) {
    const ssize_t length = getdents64(descriptor, buffer.get(), kNamesBufferBytes);
    if (length < 0) return ErrnoStatus(errno, what);
    if (length == 0) return absl::OkStatus();
    for (ssize_t offset = 0; offset < length;) {
      const auto* raw = reinterpret_cast<const dirent64*>(buffer.get() + offset);
      offset += raw->d_reclen;
      const absl::string_view name(raw->d_name);
      if (name == "." || name == "..") continue;
      if (page.bits != 0 && PageOf(CookieOf(name), page.bits) != page) continue;
      if (++count > kListingEntriesMax) {
        entries.clear();
        continue;
      }
      entries.push_back({.name = std::string(name),
                         .type = static_cast<uint32_t>(DTTOIF(raw->d_type)),
                         .inode = raw->d_ino});
    }
  }
}

}  // namespace

PosixDirectory::PosixDirectory(const ExportRoot& root, const Clock& clock, PosixCounters& counters,
                               ThreadPool& pool, std::function<void(const Path&)> names_read,
                               absl::Duration slow_lstat)
    : root_(root),
      clock_(clock),
      counters_(counters),
      pool_(pool),
      names_read_(std::move(names_read)),
      slow_lstat_(slow_lstat) {}

absl::StatusOr<ListingRef> PosixDirectory::Read(const Path& path, const DirectoryPage& page,
                                                const CoppiceMounts::MountsRef& mounts) const {
  if (page.bits > kPageBitsMax || page.index >> page.bits != 0) {
    return ErrnoStatus(
        EINVAL, absl::StrCat("page ", page.index, " of 2^", page.bits, " of '", path.text(), "'"));
  }
  const absl::StatusOr<FileDescriptor> directory = root_.OpenBeneath(path, O_RDONLY | O_DIRECTORY);
  if (!directory.ok()) return directory.status();
  auto listing = std::make_shared<Listing>();
  listing->page = page;
  const absl::Status names = ReadNames(directory->get(), path, *listing);
  if (!names.ok()) return names;
  ReadAttributes(directory->get(), path, mounts, *listing);
  SortEntries(listing->entries);
  return listing;
}

absl::Status PosixDirectory::ReadNames(int descriptor, const Path& path, Listing& listing) const {
  for (int reading = 1; reading <= kDirectoryReadsMax; ++reading) {
    listing.confirmed_at = clock_.Now();
    absl::StatusOr<Attributes> before = StatDescriptor(descriptor, path.text());
    if (!before.ok()) return before.status();
    size_t count = 0;
    const absl::Status read = ReadPage(descriptor, path, listing.page, listing.entries, count);
    if (!read.ok()) return read;
    counters_.readdirs.fetch_add(1, std::memory_order_relaxed);
    listing.bits_needed = count > kListingEntriesMax ? BitsNeeded(listing.page, count) : 0;
    listing.directory = *std::move(before);

    if (names_read_) names_read_(path);
    const absl::StatusOr<Attributes> after = StatDescriptor(descriptor, path.text());
    if (!after.ok()) return after.status();
    if (after->version == listing.directory.version) break;
  }
  Version& version = listing.directory.version;
  if (listing.confirmed_at - listing.directory.ctime < kTimestampGranularity) {
    version.id = UnsettledVersionId(version.id, listing.confirmed_at);
  }
  return absl::OkStatus();
}

void PosixDirectory::ReadAttributes(int descriptor, const Path& path,
                                    const CoppiceMounts::MountsRef& mounts,
                                    Listing& listing) const {
  std::set<std::string> untouchable;
  for (const Path& mount : *mounts) {
    if (!mount.IsRoot() && mount.Parent() == path) untouchable.emplace(mount.Name());
  }
  const absl::Span<Dentry> all = absl::MakeSpan(listing.entries);
  const auto begin = std::chrono::steady_clock::now();
  const absl::Span<Dentry> first = all.subspan(0, kEntriesPerPiece);
  StatEntries(descriptor, path, untouchable, first);
  const auto took = absl::FromChrono(std::chrono::steady_clock::now() - begin);
  const absl::Span<Dentry> rest = all.subspan(first.size());
  const size_t pieces = (rest.size() + kEntriesPerPiece - 1) / kEntriesPerPiece;
  const auto piece_of = [rest](size_t piece) {
    return rest.subspan(piece * kEntriesPerPiece, kEntriesPerPiece);
  };
  if (took < slow_lstat_ * static_cast<int64_t>(first.size())) {
    for (size_t piece = 0; piece < pieces; ++piece) {
      // A large directory takes some milliseconds, and a reader may wait for this processor.
      std::this_thread::yield();
      StatEntries(descriptor, path, untouchable, piece_of(piece));
    }
  } else {
    RunShared(pool_, pieces, kListingThreadsMax,
              [&](size_t piece) { StatEntries(descriptor, path, untouchable, piece_of(piece)); });
  }
  std::erase_if(listing.entries, [](const Dentry& entry) { return entry.name.empty(); });
}

void PosixDirectory::StatEntries(int descriptor, const Path& path,
                                 const std::set<std::string>& untouchable,
                                 absl::Span<Dentry> entries) const {
  for (Dentry& entry : entries) {
    if (untouchable.contains(entry.name)) {
      entry.type = S_IFDIR;
      continue;
    }
    counters_.lstats.fetch_add(1, std::memory_order_relaxed);
    absl::StatusOr<Attributes> attributes =
        StatEntry(descriptor, entry.name, absl::StrCat(path.text(), "/", entry.name));
    if (StatusErrno(attributes.status()) == ENOENT) {
      entry.name.clear();  // gone since its name was read
      continue;
    }
    if (!attributes.ok()) continue;
    if (S_ISLNK(attributes->mode)) counters_.readlinks.fetch_add(1, std::memory_order_relaxed);
    if (entry.type == 0) entry.type = attributes->mode & S_IFMT;
    entry.attributes = *std::move(attributes);
  }
}

}  // namespace coppice
