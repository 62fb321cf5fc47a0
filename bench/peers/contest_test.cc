// With contenders that only say where their tree is.
#include "bench/peers/contest.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FakeTree final : public MountedTree {
 public:
  explicit FakeTree(std::string root) : root_(std::move(root)) {}
  const std::string& root() const override { return root_; }
  std::vector<pid_t> pids() const override { return {}; }

 private:
  const std::string root_;
};

// Its tree's root is its name.
class FakeContender final : public Contender {
 public:
  FakeContender(std::string name, int& mounts) : name_(std::move(name)), mounts_(mounts) {}
  const std::string& name() const override { return name_; }
  absl::StatusOr<std::unique_ptr<MountedTree>> Mount() override {
    ++mounts_;
    return std::make_unique<FakeTree>(name_);
  }

 private:
  const std::string name_;
  int& mounts_;
};

class ContestTest : public testing::Test {
 protected:
  std::vector<ContenderOrReason> Contenders() {
    std::vector<ContenderOrReason> list;
    list.push_back({.name = "good", .contender = std::make_unique<FakeContender>("good", mounts_)});
    list.push_back({.name = "bad", .contender = std::make_unique<FakeContender>("bad", mounts_)});
    list.push_back({.name = "missing", .reason = "is not installed"});
    return list;
  }
  // Is done by all.
  static Case Easy(const std::string& name) {
    return {name, [](const std::string&) { return absl::Seconds(1); }};
  }
  // Fails in the second round of "bad".
  Case Hard(const std::string& name, const absl::Status& error) {
    return {name, [this, error](const std::string& root) -> absl::StatusOr<absl::Duration> {
              if (root == "bad" && ++tries_of_bad_ > 1) return error;
              return absl::Seconds(2);
            }};
  }

  int mounts_ = 0;
  int tries_of_bad_ = 0;
  Report report_{"peers", {}};
  const BenchContext context_ = {.rounds = 3, .progress = [](absl::string_view) {}};
};

TEST_F(ContestTest, AllDoEveryCaseInEveryRound) {
  Contest contest(Contenders(), context_, report_);
  ASSERT_TRUE(contest.Measure(Easy("easy")).ok());
  EXPECT_TRUE(contest.Outcome().ok());
  EXPECT_EQ(mounts_, 6);
  EXPECT_EQ(report_.Find("easy", "good")->samples.count(), 3u);
  EXPECT_EQ(report_.Find("easy", "bad")->samples.Median(), 1);
  EXPECT_EQ(report_.Find("easy", "missing")->absent, "is not installed");
}

TEST_F(ContestTest, OneThatFailsIsOutForTheRestOfTheRunAndTheOthersGoOn) {
  Contest contest(Contenders(), context_, report_);
  ASSERT_TRUE(contest.Measure(Easy("before")).ok());
  ASSERT_TRUE(contest.Measure(Hard("hard", absl::UnavailableError("connection lost"))).ok());
  ASSERT_TRUE(contest.Measure(Easy("after")).ok());
  EXPECT_EQ(report_.Find("before", "bad")->samples.count(), 3u);
  for (const char* name : {"hard", "after"}) {
    EXPECT_EQ(report_.Find(name, "good")->samples.count(), 3u) << name;
    EXPECT_EQ(report_.Find(name, "bad")->absent, "failed: connection lost") << name;
    EXPECT_TRUE(report_.Find(name, "bad")->samples.empty()) << name;
  }
  EXPECT_EQ(tries_of_bad_, 2);
  EXPECT_EQ(mounts_, 6 + 5 + 3);
  const std::string outcome(contest.Outcome().message());
  EXPECT_THAT(outcome, HasSubstr("bad, hard: connection lost"));
  EXPECT_THAT(outcome, Not(HasSubstr("missing")));
}

TEST_F(ContestTest, AnInterruptionEndsTheRun) {
  Contest contest(Contenders(), context_, report_);
  const absl::Status status = contest.Measure(Hard("hard", absl::CancelledError("interrupted")));
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_TRUE(contest.Outcome().ok());
}

}  // namespace
}  // namespace coppice
