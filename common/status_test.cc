#include "common/status.h"

#include <cerrno>
#include <cstring>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(StatusTest, EveryErrnoComesBackExactly) {
  for (int error_number = 1; error_number < 134; ++error_number) {
    const absl::Status status = ErrnoStatus(error_number, "open 'a'");
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(StatusErrno(status), error_number);
    EXPECT_TRUE(HasErrno(status));
  }
}

TEST(StatusTest, MessageNamesTheActAndTheErrno) {
  const absl::Status status = ErrnoStatus(EACCES, "open 'a/b'");
  EXPECT_NE(status.message().find("open 'a/b'"), absl::string_view::npos);
  EXPECT_NE(status.message().find(std::strerror(EACCES)), absl::string_view::npos);
}

TEST(StatusTest, AnnotateKeepsCodeAndErrno) {
  const absl::Status status = Annotate(ErrnoStatus(ENOTDIR, "open"), "list 'x'");
  EXPECT_EQ(StatusErrno(status), ENOTDIR);
  EXPECT_EQ(status.code(), absl::ErrnoToStatusCode(ENOTDIR));
  EXPECT_EQ(status.message().substr(0, 9), "list 'x':");
  EXPECT_TRUE(Annotate(absl::OkStatus(), "list").ok());
}

TEST(StatusTest, WithoutAnErrnoTheCodeDecidesAndEioIsLast) {
  EXPECT_EQ(StatusErrno(absl::OkStatus()), 0);
  EXPECT_EQ(StatusErrno(absl::NotFoundError("x")), ENOENT);
  EXPECT_EQ(StatusErrno(absl::PermissionDeniedError("x")), EACCES);
  EXPECT_EQ(StatusErrno(absl::InvalidArgumentError("x")), EINVAL);
  EXPECT_EQ(StatusErrno(absl::DeadlineExceededError("x")), EIO);
  EXPECT_EQ(StatusErrno(absl::UnavailableError("x")), EIO);
  EXPECT_EQ(StatusErrno(absl::InternalError("x")), EIO);
  EXPECT_FALSE(HasErrno(absl::UnavailableError("x")));
}

TEST(StatusTest, AGarbledPayloadIsNoErrno) {
  absl::Status status = absl::UnavailableError("x");
  status.SetPayload("coppice/errno", absl::Cord("-1"));
  EXPECT_FALSE(HasErrno(status));
  EXPECT_EQ(StatusErrno(status), EIO);
}

}  // namespace
}  // namespace coppice
