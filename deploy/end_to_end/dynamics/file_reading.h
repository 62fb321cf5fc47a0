// What a program does with a file under a mount, with every errno kept: functions for tests, which
// are about the errors as much as about the bytes. Block as long as the file system does.
// Thread-safe.
#ifndef COPPICE_DEPLOY_END_TO_END_DYNAMICS_FILE_READING_H_
#define COPPICE_DEPLOY_END_TO_END_DYNAMICS_FILE_READING_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_descriptor.h"
#include "gtest/gtest.h"

namespace coppice {

absl::StatusOr<FileDescriptor> OpenForReading(const std::string& path);

// From the beginning to the end, as pread(2) gives it.
absl::StatusOr<std::string> ReadAll(const FileDescriptor& file);

// Opens, reads and closes.
absl::StatusOr<std::string> ReadWhole(const std::string& path);

// Whether ReadWhole gives these bytes; says where not, without showing megabytes.
testing::AssertionResult Reads(const std::string& path, const std::string& bytes);

// Its size in bytes, by lstat(2).
absl::StatusOr<size_t> SizeOf(const std::string& path);

// 0 when it exists, else lstat's errno.
int ErrnoOfLookup(const std::string& path);

// The names in a directory, sorted, without "." and "..".
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& path);

// Written in place, or put in the place of what is there by rename(2).
void WriteInPlace(const std::string& path, const std::string& bytes);
void WriteByRename(const std::string& path, const std::string& bytes);
void Append(const std::string& path, const std::string& bytes);

// `size` bytes, each of which tells `seed`; no two blocks or pages are alike.
std::string Pattern(char seed, size_t size);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_DYNAMICS_FILE_READING_H_
