// What the tests of PosixSource share: a source over a temporary directory.
#ifndef COPPICE_SOURCE_TESTING_POSIX_FIXTURE_H_
#define COPPICE_SOURCE_TESTING_POSIX_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "source/block_allocator.h"
#include "source/posix_source.h"
#include "source/testing/await.h"
#include "source/testing/temporary_directory.h"

namespace coppice {

class PosixFixture {
 public:
  explicit PosixFixture(PosixSourceSeams seams = {}, std::string parent = testing::TempDir())
      : directory_(std::move(parent)), seams_(std::move(seams)) {}

  const TemporaryDirectory& directory() const { return directory_; }

  // Opened at the first use: the test may prepare the directory before.
  PosixSource& source() {
    if (source_ == nullptr) source_ = OpenPosixSource(Options()).value();
    return *source_;
  }

  PosixSourceOptions Options() {
    return {.export_root = directory_.path(),
            .thread_count = 4,
            .allocator = *allocator_,
            .clock = clock_,
            .seams = seams_};
  }

  uint64_t Count(const std::string& counter) { return source().Statistics().counters.at(counter); }

  static Path MakePath(absl::string_view text) { return Path::Parse(text).value(); }

  // In the version that the file has now. REQUIRES: it exists.
  BlockKey KeyOf(absl::string_view path, uint64_t index = 0) {
    const PathState state = AwaitAttributes(source(), MakePath(path)).value();
    return {.path = MakePath(path), .version = state.attributes->version, .index = index};
  }

 private:
  TemporaryDirectory directory_;
  RealClock clock_;
  std::unique_ptr<BlockAllocator> allocator_ = MakeHeapBlockAllocator();
  PosixSourceSeams seams_;
  std::unique_ptr<PosixSource> source_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_TESTING_POSIX_FIXTURE_H_
