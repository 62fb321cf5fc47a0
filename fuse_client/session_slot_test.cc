#include "fuse_client/session_slot.h"

#include <future>

#include "fuse_client/testing/session_fixture.h"
#include "gmock/gmock.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NotingLayer final : public Invalidatable {
 public:
  void Invalidate(const Invalidation& invalidation) override {
    told.push_back(invalidation.path.text());
  }
  std::vector<std::string> told;
};

using SessionSlotTest = SessionFixture;

TEST_F(SessionSlotTest, BeforeThereIsASessionTheLayersForget) {
  NotingLayer layer;
  const SessionSlot slot({&layer});
  bool done = false;
  slot.Invalidate({.path = Path::Parse("a").value()}, [&] { done = true; });
  EXPECT_TRUE(done);
  EXPECT_THAT(layer.told, ElementsAre("a"));
  EXPECT_THAT(slot.Counters(), IsEmpty());
}

TEST_F(SessionSlotTest, ThenTheSessionCarriesTheOrderOut) {
  NotingLayer layer;
  Start({}, {&layer});
  SessionSlot slot({&layer});
  slot.Set(session_.get());
  std::promise<void> done;
  slot.Invalidate({.path = Path::Parse("a").value()}, [&] { done.set_value(); });
  done.get_future().wait();
  EXPECT_THAT(layer.told, ElementsAre("a"));
  EXPECT_THAT(Notifications(2), ElementsAre("expire 1/a", "node 1"));
  EXPECT_EQ(slot.Counters(), session_->Counters());
}

}  // namespace
}  // namespace coppice
