// The sizes of what a ReadinessBoard tells of large jobs.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "gtest/gtest.h"
#include "peer_server/readiness_board.h"
#include "rpc/server.h"

namespace coppice {
namespace {

TEST(ReadinessOfManyTest, TheReportOfALargeJobIsARequestThatPeersTake) {
  constexpr uint32_t kMembers = 100'000;
  std::vector<Member> members;
  for (uint32_t i = 0; i < kMembers; ++i) {
    members.push_back({.name = absl::StrCat("n", i), .addresses = {absl::StrCat("h:", 1 + i)}});
  }
  const Roster roster(*TreeFile::Make(std::move(members), {.fanout = 2}));
  FakeClock clock;
  ReadinessBoard root(roster, 0, 1, clock);
  for (const uint32_t child : roster.Children(0)) {
    v1::SubtreeReport report;
    report.set_member(child);
    report.set_process_id(2);
    report.set_revision(1);
    const v1::MemberSet all = roster.Subtree(child).Encode();
    *report.mutable_connected() = all;
    *report.mutable_mounted() = all;
    *report.mutable_proven() = all;
    *report.mutable_lost() = all;
    *report.mutable_warm() = all;
    for (int i = 0; i < 64; ++i) {
      v1::MemberProblem& problem = *report.add_problems();
      problem.set_member(child);
      problem.set_node(std::string(253, 'n'));
      problem.set_text(std::string(1024, 'x'));
    }
    ASSERT_TRUE(root.Take(report).ok());
  }
  EXPECT_EQ(root.Snapshot().proven(), kMembers - 1);
  const size_t bytes = root.Report(0).ByteSizeLong();
  EXPECT_GT(bytes, 5u * kMembers / 8);
  // Bitmaps of ten times as many members fit, too.
  EXPECT_LT(bytes + 5 * 9 * kMembers / 8, size_t{kRequestBytesMax});
}

TEST(ReadinessOfManyTest, TheProblemsOfManyMembersAreCutAndCounted) {
  std::vector<Member> members;
  for (int i = 0; i < 101; ++i) {
    members.push_back({.name = absl::StrCat("n", i), .addresses = {absl::StrCat("h:", 1 + i)}});
  }
  const Roster roster(*TreeFile::Make(std::move(members), {.fanout = 100}));
  FakeClock clock;
  ReadinessBoard root(roster, 0, 1, clock);
  for (uint32_t i = 1; i < 101; ++i) {
    ReadinessBoard leaf(roster, i, 2, clock);
    leaf.SetProbed("busy");
    ASSERT_TRUE(root.Take(leaf.Report(0)).ok());
  }
  EXPECT_EQ(root.Snapshot().problems_size(), 64);
  EXPECT_EQ(root.Snapshot().problems_dropped(), 36u);
}

}  // namespace
}  // namespace coppice
