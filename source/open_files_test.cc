#include "source/open_files.h"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr Version kVersion = {.id = 1, .size = 10};

Path MakePath(int number) { return Path::Parse(absl::StrCat("file", number)).value(); }

absl::StatusOr<OpenFile> OpenNull() {
  return OpenFile{.descriptor = FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC))};
}

bool IsOpen(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

class OpenFilesTest : public testing::Test {
 protected:
  absl::StatusOr<OpenFiles::FileRef> Get(OpenFiles& files, int number,
                                         const Version& version = kVersion) {
    return files.Get(MakePath(number), version, [this] {
      ++opens_;
      return OpenNull();
    });
  }

  FakeClock clock_;
  int opens_ = 0;
};

TEST_F(OpenFilesTest, AFileThatIsOpenIsNotOpenedAgain) {
  OpenFiles files(clock_, {});
  const OpenFiles::FileRef first = Get(files, 1).value();
  EXPECT_EQ(Get(files, 1).value(), first);
  EXPECT_EQ(opens_, 1);
}

TEST_F(OpenFilesTest, AnotherVersionIsAnotherFile) {
  OpenFiles files(clock_, {});
  const OpenFiles::FileRef first = Get(files, 1).value();
  EXPECT_NE(Get(files, 1, {.id = 2, .size = 10}).value(), first);
  EXPECT_EQ(opens_, 2);
}

TEST_F(OpenFilesTest, TheLeastRecentlyUsedIsClosedWhenThereAreTooMany) {
  OpenFiles files(clock_, {.files_max = 2});
  (void)Get(files, 1);
  (void)Get(files, 2);
  (void)Get(files, 1);
  (void)Get(files, 3);
  EXPECT_EQ(files.Size(), 2u);
  EXPECT_EQ(opens_, 3);
  (void)Get(files, 1);
  EXPECT_EQ(opens_, 3);
  (void)Get(files, 2);
  EXPECT_EQ(opens_, 4);
}

TEST_F(OpenFilesTest, AFileThatIsInUseStaysOpenUntilItsReaderIsDone) {
  OpenFiles files(clock_, {.files_max = 1});
  OpenFiles::FileRef reader = Get(files, 1).value();
  const int descriptor = reader->descriptor.get();
  (void)Get(files, 2);
  EXPECT_TRUE(IsOpen(descriptor));
  reader.reset();
  EXPECT_FALSE(IsOpen(descriptor));
}

TEST_F(OpenFilesTest, ADroppedFileIsOpenedAgain) {
  OpenFiles files(clock_, {});
  (void)Get(files, 1);
  files.Drop(MakePath(1), kVersion);
  files.Drop(MakePath(2), kVersion);
  EXPECT_EQ(files.Size(), 0u);
  (void)Get(files, 1);
  EXPECT_EQ(opens_, 2);
}

TEST_F(OpenFilesTest, AnErrorIsNotRemembered) {
  OpenFiles files(clock_, {});
  const auto failed = files.Get(MakePath(1), kVersion, []() -> absl::StatusOr<OpenFile> {
    return ErrnoStatus(EACCES, "open");
  });
  EXPECT_EQ(StatusErrno(failed.status()), EACCES);
  EXPECT_EQ(files.Size(), 0u);
  EXPECT_TRUE(Get(files, 1).ok());
}

TEST_F(OpenFilesTest, ThreadsThatAskForOneFileAtOnceOpenItOnce) {
  OpenFiles files(clock_, {});
  Mutex mutex;
  CondVar changed;
  int arrived = 0;
  int opens = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      {
        MutexLock lock(mutex);
        ++arrived;
        changed.NotifyAll();
      }
      EXPECT_TRUE(files
                      .Get(MakePath(1), kVersion,
                           [&] {
                             // Not before all have come.
                             MutexLock lock(mutex);
                             while (arrived < 4) changed.Wait(mutex);
                             ++opens;
                             return OpenNull();
                           })
                      .ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(opens, 1);
}

TEST_F(OpenFilesTest, AnIdleFileIsClosedThoughNobodyAsks) {
  OpenFiles files(clock_, {.idle_max = absl::Milliseconds(10)});
  (void)Get(files, 1);
  clock_.Advance(absl::Seconds(1));
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (files.Size() > 0 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  EXPECT_EQ(files.Size(), 0u);
}

TEST_F(OpenFilesTest, AFileThatIsNotIdleForLongEnoughIsKept) {
  OpenFiles files(clock_, {.idle_max = absl::Seconds(5)});
  (void)Get(files, 1);
  clock_.Advance(absl::Seconds(4));
  (void)Get(files, 2);
  EXPECT_EQ(files.Size(), 2u);
  clock_.Advance(absl::Seconds(1));
  (void)Get(files, 3);
  EXPECT_EQ(files.Size(), 2u);
}

}  // namespace
}  // namespace coppice
