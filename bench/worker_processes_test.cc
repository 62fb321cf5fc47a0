#include "bench/worker_processes.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>

#include "common/status.h"
#include "deploy/pipe.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr absl::Duration kDurationMax = absl::Minutes(1);

// What the workers share with the test.
struct Shared {
  std::atomic<int> prepared;
  std::atomic<int> worked;
  std::atomic<int> worked_too_early;
};

class WorkerProcessesTest : public testing::Test {
 protected:
  WorkerProcessesTest()
      : shared_(*new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared()) {}
  ~WorkerProcessesTest() override { munmap(&shared_, sizeof(Shared)); }

  static int Nothing(size_t, int&) { return 0; }

  const BenchContext context_ = {.progress = [](absl::string_view) {}};
  Shared& shared_;
};

TEST_F(WorkerProcessesTest, AllArePreparedBeforeAnyWorks) {
  constexpr int kWorkers = 12;
  const auto duration =
      RunWorkers(kWorkers,
                 {.prepare =
                      [&](size_t worker, int& prepared) {
                        prepared = static_cast<int>(worker) + 100;
                        ++shared_.prepared;
                        return 0;
                      },
                  .work =
                      [&](size_t worker, int prepared) {
                        if (shared_.prepared != kWorkers) {
                          ++shared_.worked_too_early;
                        }
                        ++shared_.worked;
                        return prepared == static_cast<int>(worker) + 100 ? 0 : EINVAL;
                      }},
                 kDurationMax, context_);
  ASSERT_TRUE(duration.ok()) << duration.status();
  EXPECT_GT(*duration, absl::ZeroDuration());
  EXPECT_EQ(shared_.worked, kWorkers);
  EXPECT_EQ(shared_.worked_too_early, 0);
}

TEST_F(WorkerProcessesTest, TheErrnoOfAWorkerIsTheResult) {
  const auto duration = RunWorkers(
      3, {.prepare = Nothing, .work = [](size_t worker, int) { return worker == 1 ? ENOTDIR : 0; }},
      kDurationMax, context_);
  EXPECT_EQ(StatusErrno(duration.status()), ENOTDIR) << duration.status();
}

TEST_F(WorkerProcessesTest, WhatCannotBePreparedIsNotDone) {
  const auto duration = RunWorkers(1,
                                   {.prepare = [](size_t, int&) { return ENOENT; },
                                    .work =
                                        [&](size_t, int) {
                                          ++shared_.worked;
                                          return 0;
                                        }},
                                   kDurationMax, context_);
  EXPECT_EQ(StatusErrno(duration.status()), ENOENT) << duration.status();
  EXPECT_EQ(shared_.worked, 0);
}

TEST_F(WorkerProcessesTest, AWorkerThatDiesIsAnError) {
  const auto duration =
      RunWorkers(2, {.prepare = Nothing, .work = [](size_t, int) -> int { _exit(0); }},
                 kDurationMax, context_);
  EXPECT_EQ(duration.status().code(), absl::StatusCode::kInternal) << duration.status();
}

TEST_F(WorkerProcessesTest, AnInterruptionEndsTheWorkersThatHang) {
  auto interruption = OpenPipe();
  ASSERT_TRUE(interruption.ok()) << interruption.status();
  interruption->write_end.Reset();
  BenchContext context = context_;
  context.interrupt_descriptor = interruption->read_end.get();
  const auto duration =
      RunWorkers(2, {.prepare = Nothing, .work = [](size_t, int) { return poll(nullptr, 0, -1); }},
                 kDurationMax, context);
  EXPECT_TRUE(absl::IsCancelled(duration.status())) << duration.status();
}

}  // namespace
}  // namespace coppice
