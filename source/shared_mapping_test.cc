#include "source/shared_mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr size_t kSize = 8192;

TEST(SharedMappingTest, ShowsOneProcessWhatAnotherWrites) {
  const auto writer = SharedMapping::Create("test", kSize, /*others_write=*/false);
  ASSERT_TRUE(writer.ok()) << writer.status();
  const auto reader = SharedMapping::Map(FileDescriptor(dup((*writer)->descriptor())),
                                         SharedMapping::Access::kRead, kSize);
  ASSERT_TRUE(reader.ok()) << reader.status();
  (*writer)->data()[kSize - 1] = 'x';
  EXPECT_EQ((*reader)->data()[kSize - 1], 'x');
}

TEST(SharedMappingTest, LetsNobodyElseWriteUnlessAsked) {
  const auto closed = SharedMapping::Create("test", kSize, /*others_write=*/false);
  const auto open = SharedMapping::Create("test", kSize, /*others_write=*/true);
  ASSERT_TRUE(closed.ok() && open.ok());
  const auto access = SharedMapping::Access::kReadAndWrite;
  EXPECT_FALSE(
      SharedMapping::Map(FileDescriptor(dup((*closed)->descriptor())), access, kSize).ok());
  EXPECT_EQ(write((*closed)->descriptor(), "x", 1), -1);
  EXPECT_TRUE(SharedMapping::Map(FileDescriptor(dup((*open)->descriptor())), access, kSize).ok());
}

TEST(SharedMappingTest, CannotBeCutOffUnderAReader) {
  const auto mapping = SharedMapping::Create("test", kSize, /*others_write=*/true);
  ASSERT_TRUE(mapping.ok());
  EXPECT_EQ(ftruncate((*mapping)->descriptor(), 0), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(SharedMappingTest, RefusesMemoryThatCouldBeCutOff) {
  const int unsealed = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(ftruncate(unsealed, kSize), 0);
  EXPECT_EQ(SharedMapping::Map(FileDescriptor(unsealed), SharedMapping::Access::kRead, kSize)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
  const int no_memory = open("/dev/null", O_RDWR | O_CLOEXEC);
  EXPECT_EQ(SharedMapping::Map(FileDescriptor(no_memory), SharedMapping::Access::kRead, 0)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SharedMappingTest, RefusesMemoryThatIsTooShort) {
  const auto mapping = SharedMapping::Create("test", kSize, /*others_write=*/false);
  ASSERT_TRUE(mapping.ok());
  EXPECT_EQ(SharedMapping::Map(FileDescriptor(dup((*mapping)->descriptor())),
                               SharedMapping::Access::kRead, kSize + 1)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SharedMappingTest, ClosesTheDescriptorOfWhatItRefuses) {
  const int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
  ASSERT_FALSE(
      SharedMapping::Map(FileDescriptor(descriptor), SharedMapping::Access::kRead, 0).ok());
  EXPECT_EQ(fcntl(descriptor, F_GETFD), -1);
}

}  // namespace
}  // namespace coppice
