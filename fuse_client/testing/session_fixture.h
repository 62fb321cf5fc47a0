// A session over a fake source, with a fake kernel at the other end: what the tests of the handlers
// share.
#ifndef COPPICE_FUSE_CLIENT_TESTING_SESSION_FIXTURE_H_
#define COPPICE_FUSE_CLIENT_TESTING_SESSION_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/fake_clock.h"
#include "fuse_client/fuse_session.h"
#include "fuse_client/testing/fake_kernel.h"
#include "fuse_client/testing/fake_source.h"
#include "gtest/gtest.h"

namespace coppice {

class SessionFixture : public ::testing::Test {
 protected:
  // Ticks come by hand.
  void Start(FuseSessionOptions options = {}, std::vector<Invalidatable*> layers = {}) {
    options.tick = false;
    session_ = ServeFuse({.source = source_, .clock = clock_, .layers = std::move(layers)},
                         std::move(options), kernel_.TakeSessionEnd())
                   .value();
    init_ = kernel_.Initialise();
  }

  // Looks up a path, component by component: the node of the last.
  uint64_t NodeOf(const std::string& text) {
    uint64_t node = kRootNode;
    const Path path = Path::Parse(text).value();
    if (path.IsRoot()) return node;
    if (!path.Parent().IsRoot()) node = NodeOf(path.Parent().text());
    return EntryOf(kernel_.Lookup(node, std::string(path.Name()))).nodeid;
  }
  static fuse_entry_out EntryOf(const FakeKernel::Answer& answer) {
    EXPECT_EQ(answer.error, 0);
    return answer.As<fuse_entry_out>();
  }
  // The texts of the next notifications.
  std::vector<std::string> Notifications(size_t count) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < count; ++i) texts.push_back(kernel_.NextNotification().Text());
    return texts;
  }

  FakeSource source_;
  FakeClock clock_;
  FakeKernel kernel_;
  fuse_init_out init_ = {};
  std::unique_ptr<FuseSession> session_;
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_TESTING_SESSION_FIXTURE_H_
