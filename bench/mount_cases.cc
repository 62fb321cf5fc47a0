#include "bench/mount_cases.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <numeric>
#include <random>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kFileMode = 0644;
// How often a warm case is repeated within one sample, so that it takes milliseconds.
constexpr size_t kStatPasses = 100;
constexpr size_t kReadPasses = 20;
constexpr size_t kListPasses = 100;
constexpr size_t kRandomPasses = 20;
// Looked up before the cold cases of a directory, so that whoever lists a directory that is
// searched has done so. The fourth makes ours do it.
constexpr size_t kSearchedNames = 8;
constexpr size_t kReadBytes = 1 << 20;
// The same places in every run.
constexpr unsigned kRandomSeed = 20240229;

constexpr char kNames[] = "names";
constexpr char kList[] = "list";
constexpr char kSmall[] = "small";
constexpr char kLarge[] = "large";
constexpr char kRandom[] = "random";
constexpr char kMapped[] = "mapped";

using Strings = std::vector<std::string>;

// "name0", "name1", ...
Strings Numbered(const std::string& name, size_t count) {
  Strings names;
  for (size_t i = 0; i < count; ++i) names.push_back(absl::StrCat(name, i));
  return names;
}

absl::Status WriteFile(const std::string& path, uint64_t bytes, const BenchContext& context) {
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (!file.valid()) return ErrnoStatus(errno, absl::StrCat("make '", path, "'"));
  // Not all zero, lest something is clever about it.
  std::minstd_rand random(kRandomSeed);
  std::vector<uint32_t> piece(std::min<uint64_t>(bytes, kReadBytes) / sizeof(uint32_t) + 1);
  std::generate(piece.begin(), piece.end(), random);
  while (bytes > 0) {
    const size_t size = std::min<uint64_t>(bytes, kReadBytes);
    const ssize_t written = write(file.get(), piece.data(), size);
    if (written < 0) return ErrnoStatus(errno, absl::StrCat("write '", path, "'"));
    bytes -= written;
    if (absl::Status status = CheckNotInterrupted(context); !status.ok()) return status;
  }
  // Dirty pages cannot be dropped.
  return fsync(file.get()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path);
}

absl::Status MakeFiles(const std::string& directory, const Strings& names, uint64_t bytes,
                       const BenchContext& context) {
  for (const std::string& name : names) {
    if (absl::Status status = CheckNotInterrupted(context); !status.ok()) return status;
    const std::string path = absl::StrCat(directory, "/", name);
    const FileDescriptor file(
        open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
    if (!file.valid()) return ErrnoStatus(errno, absl::StrCat("make '", path, "'"));
    const std::string content(bytes, 'x');
    if (write(file.get(), content.data(), bytes) != static_cast<ssize_t>(bytes)) {
      return ErrnoStatus(errno, absl::StrCat("write '", path, "'"));
    }
  }
  return absl::OkStatus();
}

int OpenForWork(const std::string& path, int flags, int& prepared) {
  prepared = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  return prepared < 0 ? errno : 0;
}

// Where a worker begins, so that not all ask for the same at the same moment.
size_t FirstOf(size_t worker, size_t workers, size_t count) { return worker * count / workers; }

// Takes memory, and gives it back: what the kernel then takes for pages of files is memory that a
// hypervisor under us has given already, and does not have to find while we measure.
Work TouchMemoryWork(uint64_t bytes) {
  return {.prepare = [](size_t /*worker*/, int& /*prepared*/) { return 0; },
          .work =
              [bytes](size_t /*worker*/, int /*prepared*/) {
                void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
                if (memory == MAP_FAILED) return errno;
                munmap(memory, bytes);
                return 0;
              }};
}

// A directory that is searched, so that whoever then lists it has done so.
Work SearchWork(const std::string& directory) {
  return {.prepare = [directory](
                         size_t /*worker*/,
                         int& prepared) { return OpenForWork(directory, O_DIRECTORY, prepared); },
          .work =
              [names = Numbered("searched", kSearchedNames)](size_t /*worker*/, int prepared) {
                struct stat attributes;
                for (const std::string& name : names) {
                  if (fstatat(prepared, name.c_str(), &attributes, AT_SYMLINK_NOFOLLOW) != 0) {
                    return errno;
                  }
                }
                return 0;
              }};
}

// Looks all names up, in a directory that is open already, and expects the same of each.
Work StatWork(const std::string& directory, Strings names, int expected, size_t passes,
              size_t workers) {
  return {.prepare = [directory](
                         size_t /*worker*/,
                         int& prepared) { return OpenForWork(directory, O_DIRECTORY, prepared); },
          .work =
              [names = std::move(names), expected, passes, workers](size_t worker, int prepared) {
                struct stat attributes;
                const size_t first = FirstOf(worker, workers, names.size());
                for (size_t i = 0; i < passes * names.size(); ++i) {
                  const std::string& name = names[(first + i) % names.size()];
                  const int result =
                      fstatat(prepared, name.c_str(), &attributes, AT_SYMLINK_NOFOLLOW);
                  const int error = result == 0 ? 0 : errno;
                  if (error != expected) return error == 0 ? EEXIST : error;
                }
                return 0;
              }};
}

Work OpenReadCloseWork(const std::string& directory, Strings names, size_t passes, size_t workers) {
  return {.prepare = [directory](
                         size_t /*worker*/,
                         int& prepared) { return OpenForWork(directory, O_DIRECTORY, prepared); },
          .work =
              [names = std::move(names), passes, workers](size_t worker, int prepared) {
                std::vector<char> buffer(kSmallFileBytes);
                const size_t first = FirstOf(worker, workers, names.size());
                for (size_t i = 0; i < passes * names.size(); ++i) {
                  const FileDescriptor file(openat(
                      prepared, names[(first + i) % names.size()].c_str(), O_RDONLY | O_CLOEXEC));
                  if (!file.valid()) return errno;
                  const ssize_t count = read(file.get(), buffer.data(), buffer.size());
                  if (count < 0) return errno;
                  if (count != static_cast<ssize_t>(buffer.size())) return EIO;
                }
                return 0;
              }};
}

// "." and ".." beside the names.
Work ListWork(const std::string& directory, size_t names, size_t passes) {
  return {.prepare = [](size_t /*worker*/, int& /*prepared*/) { return 0; },
          .work =
              [directory, names, passes](size_t /*worker*/, int /*prepared*/) {
                for (size_t i = 0; i < passes; ++i) {
                  DIR* const stream = opendir(directory.c_str());
                  if (stream == nullptr) return errno;
                  size_t count = 0;
                  while (readdir(stream) != nullptr) ++count;
                  closedir(stream);
                  if (count != names + 2) return EIO;
                }
                return 0;
              }};
}

Work SequentialWork(const std::string& file, uint64_t bytes) {
  return {.prepare = [file](size_t /*worker*/,
                            int& prepared) { return OpenForWork(file, 0, prepared); },
          .work =
              [bytes](size_t /*worker*/, int prepared) {
                std::vector<char> buffer(kReadBytes);
                uint64_t sum = 0;
                for (;;) {
                  const ssize_t count = read(prepared, buffer.data(), buffer.size());
                  if (count < 0) return errno;
                  if (count == 0) return sum == bytes ? 0 : EIO;
                  sum += count;
                }
              }};
}

Work RandomWork(const std::string& file, std::vector<uint64_t> pages, size_t passes,
                size_t workers) {
  return {.prepare = [file](size_t /*worker*/,
                            int& prepared) { return OpenForWork(file, 0, prepared); },
          .work =
              [pages = std::move(pages), passes, workers](size_t worker, int prepared) {
                std::vector<char> buffer(kPageBytes);
                const size_t first = FirstOf(worker, workers, pages.size());
                for (size_t i = 0; i < passes * pages.size(); ++i) {
                  const uint64_t page = pages[(first + i) % pages.size()];
                  const ssize_t count = pread(prepared, buffer.data(), buffer.size(),
                                              static_cast<off_t>(page * kPageBytes));
                  if (count < 0) return errno;
                  if (count != static_cast<ssize_t>(buffer.size())) return EIO;
                }
                return 0;
              }};
}

Work MapWork(const std::string& file, uint64_t bytes) {
  return {.prepare = [file](size_t /*worker*/,
                            int& prepared) { return OpenForWork(file, 0, prepared); },
          .work =
              [bytes](size_t /*worker*/, int prepared) {
                void* const data = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, prepared, 0);
                if (data == MAP_FAILED) return errno;
                const volatile char* const pages = static_cast<const char*>(data);
                for (uint64_t offset = 0; offset < bytes; offset += kPageBytes) {
                  (void)pages[offset];
                }
                return munmap(data, bytes) == 0 ? 0 : errno;
              }};
}

std::vector<uint64_t> RandomPages(const MountData& data) {
  std::vector<uint64_t> pages(data.random_bytes / kPageBytes);
  std::iota(pages.begin(), pages.end(), 0);
  std::shuffle(pages.begin(), pages.end(), std::mt19937(kRandomSeed));
  pages.resize(std::min<size_t>(pages.size(), data.random_reads));
  return pages;
}

void AddNameCases(const std::string& root, const MountData& data, size_t directory, size_t workers,
                  std::vector<MountCase>& cases) {
  const std::string names = absl::StrCat(root, "/", kNames, directory);
  const auto count = static_cast<double>(data.names);
  const auto add_stat = [&](const std::string& what, const std::string& name, int expected) {
    for (const bool cold : {true, false}) {
      const size_t passes = cold ? 1 : kStatPasses;
      cases.push_back(
          {.name = absl::StrCat(what, cold ? ", cold" : ", warm"),
           .amount = count * static_cast<double>(passes),
           .cold = cold ? ColdNeeds::kNamesDropped : ColdNeeds::kNothing,
           .before = SearchWork(names),
           .work = StatWork(names, Numbered(name, data.names), expected, passes, workers)});
    }
  };
  add_stat("stat", "name", 0);
  add_stat("stat of a missing name", "missing", ENOENT);

  const std::string small = absl::StrCat(root, "/", kSmall, directory);
  for (const bool cold : {true, false}) {
    const size_t passes = cold ? 1 : kReadPasses;
    cases.push_back(
        {.name = cold ? "open, read 8 KiB, close, cold" : "open, read 8 KiB, close, warm",
         .amount = static_cast<double>(data.small_files * passes),
         .cold = cold ? ColdNeeds::kNamesDropped : ColdNeeds::kNothing,
         .work = OpenReadCloseWork(small, Numbered("small", data.small_files), passes, workers)});
  }
  for (const bool cold : {true, false}) {
    const size_t passes = cold ? 1 : kListPasses;
    cases.push_back(
        {.name = absl::StrCat("readdir of ", data.names, " names", cold ? ", cold" : ", warm"),
         .amount = static_cast<double>(passes),
         .cold = cold ? ColdNeeds::kNamesDropped : ColdNeeds::kNothing,
         .work = ListWork(absl::StrCat(root, "/", kList, directory), data.names, passes)});
  }
}

}  // namespace

absl::Status MakeMountData(const std::string& directory, const MountData& data,
                           const BenchContext& context) {
  for (size_t i = 0; i < data.directories; ++i) {
    for (const auto& [kind, name, count, bytes] :
         {std::tuple(kNames, "name", data.names, size_t{0}),
          std::tuple(kNames, "searched", kSearchedNames, size_t{0}),
          std::tuple(kList, "listed", data.names, size_t{0}),
          std::tuple(kSmall, "small", data.small_files, kSmallFileBytes)}) {
      const std::string path = absl::StrCat(directory, "/", kind, i);
      // Two of them share one.
      const bool second = std::string_view(name) == "searched";
      if (!second && mkdir(path.c_str(), kDirectoryMode) != 0) return ErrnoStatus(errno, path);
      if (absl::Status status = MakeFiles(path, Numbered(name, count), bytes, context);
          !status.ok()) {
        return status;
      }
    }
  }
  for (const auto& [name, bytes] :
       {std::pair(kLarge, data.large_bytes), std::pair(kRandom, data.random_bytes),
        std::pair(kMapped, data.mapped_bytes)}) {
    if (absl::Status status = WriteFile(absl::StrCat(directory, "/", name), bytes, context);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

std::vector<MountCase> MountCases(const std::string& root, const MountData& data, size_t workers) {
  std::vector<MountCase> cases;
  for (size_t i = 0; i < data.directories; ++i) AddNameCases(root, data, i, workers, cases);
  const std::vector<uint64_t> pages = RandomPages(data);
  const auto path = [&](const char* name) { return absl::StrCat(root, "/", name); };
  for (const bool cold : {true, false}) {
    cases.push_back({.name = absl::StrCat("sequential read, ", cold ? "cold" : "warm"),
                     .unit = Unit::kBytesPerSecond,
                     .amount = static_cast<double>(data.large_bytes),
                     .cold = cold ? ColdNeeds::kPagesDropped : ColdNeeds::kNothing,
                     .file = kLarge,
                     .before = cold ? TouchMemoryWork(data.large_bytes) : Work(),
                     .work = SequentialWork(path(kLarge), data.large_bytes)});
  }
  for (const bool cold : {true, false}) {
    const size_t passes = cold ? 1 : kRandomPasses;
    cases.push_back({.name = absl::StrCat("random read of 4 KiB, ", cold ? "cold" : "warm"),
                     .amount = static_cast<double>(pages.size() * passes),
                     .cold = cold ? ColdNeeds::kPagesDropped : ColdNeeds::kNothing,
                     .file = kRandom,
                     .before = cold ? TouchMemoryWork(data.random_bytes) : Work(),
                     .work = RandomWork(path(kRandom), pages, passes, workers)});
  }
  for (const bool cold : {true, false}) {
    cases.push_back({.name = absl::StrCat("mmap, one page, ", cold ? "cold" : "warm"),
                     .amount = static_cast<double>(data.mapped_bytes / kPageBytes),
                     .cold = cold ? ColdNeeds::kPagesDropped : ColdNeeds::kNothing,
                     .file = kMapped,
                     .before = cold ? TouchMemoryWork(data.mapped_bytes) : Work(),
                     .work = MapWork(path(kMapped), data.mapped_bytes)});
  }
  return cases;
}

double SampleOf(const MountCase& mount_case, absl::Duration duration, size_t workers) {
  const double seconds = absl::ToDoubleSeconds(duration);
  if (mount_case.unit == Unit::kSeconds) return seconds / mount_case.amount;
  return mount_case.amount * static_cast<double>(workers) / seconds;
}

}  // namespace coppice
