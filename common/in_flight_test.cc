#include "common/in_flight.h"

#include <atomic>
#include <latch>
#include <thread>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(InFlightTest, WithNothingUnderWayThereIsNothingToWaitFor) { InFlight().WaitUntilNone(); }

TEST(InFlightTest, WaitsForTheLast) {
  InFlight in_flight;
  in_flight.Begin();
  in_flight.Begin();
  in_flight.End();
  std::atomic<bool> ended = false;
  std::latch started(1);
  std::thread other([&] {
    started.count_down();
    ended = true;
    in_flight.End();
  });
  started.wait();
  in_flight.WaitUntilNone();
  EXPECT_TRUE(ended);
  other.join();
}

}  // namespace
}  // namespace coppice
