#include "trace/trace_text.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

Path P(const std::string& text) { return Path::Parse(text).value(); }

Trace OneOfEach() {
  return {.touches = {{TouchKind::kDirectory, Path()},
                      {TouchKind::kDirectory, P("usr")},
                      {TouchKind::kListing, P("usr")},
                      {TouchKind::kMissing, P("usr/x.py")},
                      {TouchKind::kLink, P("usr/link")},
                      {TouchKind::kTarget, P("usr/link")},
                      {TouchKind::kOther, P("usr/pipe")},
                      {TouchKind::kFile, P("usr/two words")},
                      {TouchKind::kRead, P("usr/two words"), 4096, 131072}}};
}

std::string ErrorOf(const std::string& text) {
  return std::string(ParseTrace(text).status().message());
}

TEST(TraceTextTest, EveryKindOfTouchIsOneLine) {
  EXPECT_EQ(TraceText(OneOfEach()),
            "coppice-trace 1\n"
            "directory .\n"
            "directory usr\n"
            "listing usr\n"
            "missing usr/x.py\n"
            "link usr/link\n"
            "target usr/link\n"
            "other usr/pipe\n"
            "file usr/two words\n"
            "read 4096 131072 usr/two words\n"
            "end 9\n");
}

TEST(TraceTextTest, WhatIsWrittenIsReadBack) {
  EXPECT_EQ(ParseTrace(TraceText(OneOfEach())).value(), OneOfEach());
  EXPECT_EQ(ParseTrace(TraceText({})).value(), Trace());
}

TEST(TraceTextTest, ATraceThatWasCutSaysSo) {
  Trace trace = OneOfEach();
  trace.complete = false;
  EXPECT_THAT(TraceText(trace), HasSubstr("\ncut 9\n"));
  EXPECT_EQ(ParseTrace(TraceText(trace)).value(), trace);
}

TEST(TraceTextTest, NamesThatAreNoTextSurvive) {
  std::string name;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte != '/') name.push_back(static_cast<char>(byte));
  }
  const Trace trace = {.touches = {{TouchKind::kMissing, P(name)},
                                   {TouchKind::kMissing, P("\xff\xfe/\\x41")},
                                   {TouchKind::kMissing, P(" leading and trailing ")}}};
  EXPECT_EQ(ParseTrace(TraceText(trace)).value(), trace);
  EXPECT_THAT(TraceText({.touches = {{TouchKind::kFile, P("a\nb\\")}}}),
              HasSubstr("file a\\x0ab\\x5c\n"));
}

TEST(TraceTextTest, AnErrorNamesItsLine) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("line 1: the end is missing"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n"), HasSubstr("line 1: this is no trace"));
  EXPECT_THAT(ErrorOf("coppice-trace 2\nend 0\n"), HasSubstr("line 1: a trace of version '2'"));
  EXPECT_THAT(ErrorOf("coppice-trace 1\nfile a\nfolder b\nend 2\n"),
              HasSubstr("line 3: no touch is called 'folder'"));
  EXPECT_THAT(ErrorOf("coppice-trace 1\n\nend 0\n"), HasSubstr("line 2: no touch is called ''"));
}

TEST(TraceTextTest, AFileThatLostItsEndIsNoTrace) {
  EXPECT_THAT(ErrorOf("coppice-trace 1\nfile a\n"), HasSubstr("line 3: the end is missing"));
  EXPECT_THAT(ErrorOf("coppice-trace 1\nfile a"), HasSubstr("line 2: it ends without a newline"));
  EXPECT_THAT(ErrorOf("coppice-trace 1\nfile a\nend 2\n"), HasSubstr("line 3: 1 touches"));
  EXPECT_THAT(ErrorOf("coppice-trace 1\nend 0\nfile a\n"), HasSubstr("line 3: text after"));
}

TEST(TraceTextTest, APathThatCouldLeaveTheTreeIsRefused) {
  for (const char* path : {"../a", "a/../b", "/a", "a//b", "a/", "a/.", "a\\x00b"}) {
    EXPECT_THAT(ErrorOf(absl::StrCat("coppice-trace 1\nfile ", path, "\nend 1\n")),
                HasSubstr("line 2: "))
        << path;
  }
}

TEST(TraceTextTest, APathThatIsNotWrittenAsItShouldBeIsRefused) {
  for (const char* path : {"", "\\", "\\x", "\\x4", "\\y41", "\\x4g", "\\x-1", "tab\there"}) {
    EXPECT_THAT(ErrorOf(absl::StrCat("coppice-trace 1\nfile ", path, "\nend 1\n")),
                HasSubstr("line 2: a path is missing or"))
        << path;
  }
}

TEST(TraceTextTest, ARangeThatCannotBeIsRefused) {
  for (const char* range : {"0 0", "-1 5", "5 -1", "0", "a 1", "0 a", "9223372036854775807 1",
                            "1 9223372036854775807", "18446744073709551616 1", "0  1"}) {
    EXPECT_THAT(ErrorOf(absl::StrCat("coppice-trace 1\nread ", range, " f\nend 1\n")),
                HasSubstr("line 2: 'read OFFSET LENGTH PATH' expected"))
        << range;
  }
  EXPECT_TRUE(ParseTrace("coppice-trace 1\nread 9223372036854775806 1 f\nend 1\n").ok());
}

// Whatever is done to a good text, it is refused, or is what another trace would be written as.
TEST(TraceTextTest, DamagedTextIsRefusedOrIsAnotherTrace) {
  constexpr int kRounds = 20'000;
  const uint32_t seed = std::random_device()();
  std::mt19937 random(seed);
  const std::string good = TraceText(OneOfEach());
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
      const size_t place = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[place] = static_cast<char>(random());
          break;
        case 1:
          text.erase(place, 1 + random() % 20);
          break;
        case 2:
          text.insert(place, 1, static_cast<char>(random()));
          break;
        default:
          text.insert(place, good, random() % good.size(), random() % 30);
      }
      if (text.empty()) text = "\n";
    }
    const absl::StatusOr<Trace> trace = ParseTrace(text);
    if (!trace.ok()) continue;
    ++accepted;
    EXPECT_EQ(ParseTrace(TraceText(*trace)).value(), *trace) << "seed " << seed;
  }
  // Else the damage was such that nothing but the errors was tested.
  EXPECT_GT(accepted, 100) << "seed " << seed;
}

}  // namespace
}  // namespace coppice
