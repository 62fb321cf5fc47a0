// The figures of statvfs(3) for the file system behind a path.
#ifndef COPPICE_SOURCE_FILE_SYSTEM_STATISTICS_H_
#define COPPICE_SOURCE_FILE_SYSTEM_STATISTICS_H_

#include <cstdint>

namespace coppice {

struct FileSystemStatistics {
  uint64_t block_size = 0;     // bytes; f_bsize
  uint64_t fragment_size = 0;  // bytes; the unit of the block counts; f_frsize
  uint64_t blocks = 0;
  uint64_t blocks_free = 0;
  uint64_t blocks_available = 0;
  uint64_t files = 0;
  uint64_t files_free = 0;
  uint64_t files_available = 0;
  uint32_t name_bytes_max = 0;

  friend bool operator==(const FileSystemStatistics&, const FileSystemStatistics&) = default;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_FILE_SYSTEM_STATISTICS_H_
