// A directory for one test, removed with everything in it when it goes.
//
// It lies in TEST_TMPDIR, or where the test says. Failing to make it aborts the test.
#ifndef COPPICE_SOURCE_TESTING_TEMPORARY_DIRECTORY_H_
#define COPPICE_SOURCE_TESTING_TEMPORARY_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "gtest/gtest.h"

namespace coppice {

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::string parent = testing::TempDir())
      : path_(std::filesystem::path(parent) / "coppice_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string Below(const std::string& name) const { return path_ + "/" + name; }

  // Writes a file in place, making its directory when there is none.
  void Write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(Below(name)).parent_path());
    std::ofstream(Below(name), std::ios::binary) << bytes;
  }

 private:
  std::string path_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_TESTING_TEMPORARY_DIRECTORY_H_
