// Reading files for comparison, with the errno of what failed. Blocks. Pure functions, thread-safe.
#ifndef COPPICE_DEPLOY_END_TO_END_FILE_BYTES_H_
#define COPPICE_DEPLOY_END_TO_END_FILE_BYTES_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"

namespace coppice {

// -1 within when it cannot be opened; errno says why.
FileDescriptor OpenToRead(const std::string& path, int further_flags = 0);

// What one pread(2) gives: shorter at the end of the file.
absl::StatusOr<std::string> ReadAt(const FileDescriptor& file, off_t offset, size_t length);

// All of the file, in reads of 128 KiB.
absl::StatusOr<std::string> ReadWhole(const std::string& path);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_FILE_BYTES_H_
