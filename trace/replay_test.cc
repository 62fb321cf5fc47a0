#include "trace/replay.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Path P(const std::string& text) { return Path::Parse(text).value(); }

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() {
    directory_.Write("d/f", std::string(3'000'000, 'x'));
    std::filesystem::create_symlink("f", directory_.Below("d/link"));
    EXPECT_EQ(mkfifo(directory_.Below("pipe").c_str(), 0600), 0);
  }
  ReplayReport Play(std::vector<Touch> touches) {
    return Replay({.touches = std::move(touches)}, directory_.path(), {.threads = 3}).value();
  }

  TemporaryDirectory directory_;
};

TEST_F(ReplayTest, EveryKindOfTouchIsRepeatedAndCounted) {
  const ReplayReport report = Play({{TouchKind::kDirectory, Path()},
                                    {TouchKind::kDirectory, P("d")},
                                    {TouchKind::kMissing, P("d/x")},
                                    {TouchKind::kListing, P("d")},
                                    {TouchKind::kListing, Path()},
                                    {TouchKind::kLink, P("d/link")},
                                    {TouchKind::kTarget, P("d/link")},
                                    {TouchKind::kOther, P("pipe")},
                                    {TouchKind::kFile, P("d/f")},
                                    {TouchKind::kRead, P("d/f"), 0, 10},
                                    {TouchKind::kRead, P("d/f"), 4096, 2'500'000}});
  EXPECT_THAT(report.examples, IsEmpty());
  EXPECT_EQ(report.misfits, 0u);
  EXPECT_EQ(report.names, 5u);
  EXPECT_EQ(report.missing_names, 1u);
  EXPECT_EQ(report.listings, 2u);
  EXPECT_EQ(report.targets, 1u);
  EXPECT_EQ(report.files, 1u);
  EXPECT_EQ(report.bytes, 2'500'010u);
  EXPECT_GT(report.duration, absl::ZeroDuration());
}

TEST_F(ReplayTest, WhatNoLongerFitsIsCountedAndTheRestIsDone) {
  const auto example = [this](Touch touch) {
    const ReplayReport report = Play({std::move(touch), {TouchKind::kDirectory, P("d")}});
    EXPECT_EQ(report.misfits, 1u);
    EXPECT_EQ(report.names, 1u);
    return report.examples.empty() ? "" : report.examples[0];
  };
  EXPECT_EQ(example({TouchKind::kFile, P("d/gone")}), "'d/gone' is missing");
  EXPECT_EQ(example({TouchKind::kFile, P("d/f/below a file")}), "'d/f/below a file' is missing");
  EXPECT_EQ(example({TouchKind::kMissing, P("d/f")}), "'d/f' exists now");
  EXPECT_EQ(example({TouchKind::kFile, P("d")}), "'d' is of another type");
  EXPECT_EQ(example({TouchKind::kListing, P("no")}), "'no' is missing");
  EXPECT_EQ(example({TouchKind::kListing, P("d/f")}), "'d/f' is missing");
  EXPECT_EQ(example({TouchKind::kTarget, P("d/f")}), "'d/f' is of another type");
  EXPECT_EQ(example({TouchKind::kRead, P("gone"), 0, 1}), "'gone' is missing");
  EXPECT_EQ(example({TouchKind::kRead, P("d"), 0, 1}), "'d' is of another type");
  EXPECT_EQ(example({TouchKind::kRead, P("d/link"), 0, 1}), "'d/link' is of another type");
  EXPECT_EQ(example({TouchKind::kRead, P("d/f"), 2'999'999, 2}), "'d/f' is shorter");
}

TEST_F(ReplayTest, AFifoWhereAFileWasHoldsNothingUp) {
  EXPECT_THAT(Play({{TouchKind::kRead, P("pipe"), 0, 1}}).examples,
              ElementsAre("'pipe' is of another type"));
}

TEST_F(ReplayTest, OfManyMisfitsTheFirstFewAreNamed) {
  std::vector<Touch> touches;
  for (int i = 0; i < 100; ++i) {
    touches.push_back({TouchKind::kFile, P("gone" + std::to_string(i))});
  }
  const ReplayReport report = Play(touches);
  EXPECT_EQ(report.misfits, 100u);
  EXPECT_THAT(report.examples, SizeIs(kReplayExamplesMax));
}

TEST_F(ReplayTest, AnErrorOfTheTreeIsNamedAsWhatItIs) {
  if (geteuid() == 0) GTEST_SKIP() << "NOT TESTED: root may enter every directory";
  ASSERT_EQ(chmod(directory_.Below("d").c_str(), 0), 0);
  const ReplayReport report = Play({{TouchKind::kMissing, P("d/x")}});
  ASSERT_EQ(chmod(directory_.Below("d").c_str(), 0700), 0);
  EXPECT_THAT(report.examples, ElementsAre("'d/x' Permission denied"));
}

TEST_F(ReplayTest, ProgressIsToldOnTheWay) {
  std::vector<Touch> touches(2000, {TouchKind::kRead, P("d/f"), 0, 1'000'000});
  size_t told = 0;
  const ReplayOptions options = {.threads = 1,
                                 .progress =
                                     [&](const ReplayProgress& progress) {
                                       ++told;
                                       EXPECT_EQ(progress.touches, 2000u);
                                       EXPECT_LE(progress.done, 2000u);
                                     },
                                 .interval = absl::Milliseconds(1)};
  EXPECT_EQ(Replay({.touches = touches}, directory_.path(), options).value().misfits, 0u);
  EXPECT_GT(told, 0u);
}

TEST_F(ReplayTest, AnEmptyTraceIsDoneAtOnce) { EXPECT_EQ(Play({}).names, 0u); }

TEST_F(ReplayTest, ARootThatIsNoDirectoryIsAnError) {
  EXPECT_EQ(StatusErrno(Replay({}, directory_.Below("no"), {}).status()), ENOENT);
  EXPECT_EQ(StatusErrno(Replay({}, directory_.Below("d/f"), {}).status()), ENOTDIR);
}

}  // namespace
}  // namespace coppice
