#include "source/posix_block_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "common/crc32c.h"
#include "common/status.h"
#include "source/posix_attributes.h"

namespace coppice {
namespace {

std::string Describe(const BlockKey& key) {
  return absl::StrCat("block ", key.index, " of '", key.path.text(), "'");
}

absl::Status Stale(const BlockKey& key) {
  return ErrnoStatus(ESTALE, absl::StrCat("read ", Describe(key), ": the file has changed"));
}

absl::Status CheckRegular(const Attributes& attributes, const BlockKey& key) {
  if (S_ISREG(attributes.mode)) return absl::OkStatus();
  return ErrnoStatus(S_ISDIR(attributes.mode) ? EISDIR : EINVAL,
                     absl::StrCat("read ", Describe(key), ": not a regular file"));
}

// Whether an open file's bytes are those that it was opened with (see the header).
bool HasSameBytes(const Attributes& opened, const Attributes& now) {
  if (now.version == opened.version) return true;
  return now.nlink == 0 && now.inode == opened.inode && now.size == opened.size &&
         now.mtime == opened.mtime;
}

absl::Status CheckUnchanged(const OpenFile& file, const BlockKey& key) {
  const absl::StatusOr<Attributes> now = StatDescriptor(file.descriptor.get(), key.path.text());
  if (!now.ok()) return now.status();
  return HasSameBytes(file.attributes, *now) ? absl::OkStatus() : Stale(key);
}

}  // namespace

PosixBlockReader::PosixBlockReader(const ExportRoot& root, BlockAllocator& allocator,
                                   const Clock& clock, PosixCounters& counters,
                                   const OpenFilesOptions& open_files,
                                   std::function<void(const Path&)> bytes_read)
    : root_(root),
      allocator_(allocator),
      clock_(clock),
      counters_(counters),
      bytes_read_(std::move(bytes_read)),
      open_files_(clock, open_files) {}

absl::StatusOr<BlockRef> PosixBlockReader::Read(const BlockKey& key) {
  if (key.LengthBytes() == 0) {
    return ErrnoStatus(EINVAL, absl::StrCat("read ", Describe(key), ": beyond the end"));
  }
  const absl::StatusOr<OpenFiles::FileRef> file =
      open_files_.Get(key.path, key.version, [this, &key] { return Open(key); });
  if (!file.ok()) return file.status();
  WaitUntilSettled((*file)->attributes.ctime);
  absl::StatusOr<BlockRef> block = ReadFrom(**file, key);
  if (!block.ok()) open_files_.Drop(key.path, key.version);
  return block;
}

absl::StatusOr<uint64_t> PosixBlockReader::FindExtent(const Path& path, const Version& version,
                                                      uint64_t offset, ExtentKind kind) {
  // In errors: the block where the search begins.
  const BlockKey key{.path = path, .version = version, .index = offset / kBlockBytes};
  if (offset >= version.size) {
    return ErrnoStatus(ENXIO, absl::StrCat("seek in ", Describe(key), ": beyond the end"));
  }
  const absl::StatusOr<OpenFiles::FileRef> file =
      open_files_.Get(path, version, [this, &key] { return Open(key); });
  if (StatusErrno(file.status()) == EISDIR) {
    return ErrnoStatus(EINVAL, absl::StrCat("seek in '", path.text(), "': a directory"));
  }
  if (!file.ok()) return file.status();
  WaitUntilSettled((*file)->attributes.ctime);
  absl::StatusOr<uint64_t> found = SeekIn(**file, key, offset, kind);
  // That no data follows is an answer about the file as it is.
  if (!found.ok() && StatusErrno(found.status()) != ENXIO) open_files_.Drop(path, version);
  return found;
}

absl::StatusOr<OpenFile> PosixBlockReader::Open(const BlockKey& key) const {
  const absl::StatusOr<FileDescriptor> place = root_.OpenBeneath(key.path, O_PATH | O_NOFOLLOW);
  if (!place.ok()) return place.status();
  absl::StatusOr<Attributes> attributes = StatDescriptor(place->get(), key.path.text());
  if (!attributes.ok()) return attributes.status();
  const absl::Status regular = CheckRegular(*attributes, key);
  if (!regular.ok()) return regular;
  if (attributes->version != key.version) return Stale(key);

  const int descriptor = open(absl::StrCat("/proc/self/fd/", place->get()).c_str(),
                              O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  counters_.opens.fetch_add(1, std::memory_order_relaxed);
  if (descriptor < 0) {
    // A file that was there a moment ago: its server has another one there now.
    if (errno == ENOENT) return Stale(key);
    return ErrnoStatus(errno, absl::StrCat("open '", key.path.text(), "'"));
  }
  return OpenFile{.descriptor = FileDescriptor(descriptor), .attributes = *std::move(attributes)};
}

void PosixBlockReader::WaitUntilSettled(absl::Time changed_at) const {
  const absl::Duration age = clock_.Now() - changed_at;
  // A stamp of the future is another machine's clock, and says nothing about the present.
  if (age < -kSettleTime || age >= kSettleTime) return;
  absl::SleepFor(std::min(kSettleTime - age, kSettleTime));
}

absl::StatusOr<BlockRef> PosixBlockReader::ReadFrom(const OpenFile& file,
                                                    const BlockKey& key) const {
  const int descriptor = file.descriptor.get();
  if (absl::Status before = CheckUnchanged(file, key); !before.ok()) return before;

  const size_t length = key.LengthBytes();
  absl::StatusOr<std::shared_ptr<char>> memory = allocator_.Allocate(length);
  if (!memory.ok()) return memory.status();
  for (size_t done = 0; done < length;) {
    const ssize_t n = pread(descriptor, memory->get() + done, length - done,
                            static_cast<off_t>(key.index * kBlockBytes + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, absl::StrCat("read ", Describe(key)));
    if (n == 0) return Stale(key);  // cut short meanwhile
    done += static_cast<size_t>(n);
  }
  counters_.reads.fetch_add(1, std::memory_order_relaxed);
  counters_.bytes.fetch_add(length, std::memory_order_relaxed);

  if (bytes_read_) bytes_read_(key.path);
  if (absl::Status after = CheckUnchanged(file, key); !after.ok()) return after;
  const uint32_t crc32c = Crc32c({memory->get(), length});
  return std::make_shared<const Block>(*std::move(memory), length, crc32c);
}

absl::StatusOr<uint64_t> PosixBlockReader::SeekIn(const OpenFile& file, const BlockKey& key,
                                                  uint64_t offset, ExtentKind kind) const {
  if (absl::Status before = CheckUnchanged(file, key); !before.ok()) return before;
  // Moves the position of a descriptor that others use too; nobody reads from there.
  const off_t found = lseek(file.descriptor.get(), static_cast<off_t>(offset),
                            kind == ExtentKind::kData ? SEEK_DATA : SEEK_HOLE);
  const int error_number = errno;
  counters_.seeks.fetch_add(1, std::memory_order_relaxed);

  if (bytes_read_) bytes_read_(key.path);
  if (absl::Status after = CheckUnchanged(file, key); !after.ok()) return after;
  if (found < 0) return ErrnoStatus(error_number, absl::StrCat("seek in ", Describe(key)));
  return static_cast<uint64_t>(found);
}

}  // namespace coppice
