#include "deploy/root_readiness.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/mutex.h"
#include "deploy/pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/inspection.grpc.pb.h"

namespace coppice {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kWaitMax = absl::Minutes(1);

WaitLimits Soon(int interrupt_descriptor = -1) {
  return {.deadline = absl::Now() + kWaitMax, .interrupt_descriptor = interrupt_descriptor};
}

// Holds a question, one at a time, until it is told the answer or the asker gives up.
class HoldingInspection final : public v1::Inspection::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetReadiness(grpc::CallbackServerContext*,
                                         const v1::GetReadinessRequest* request,
                                         v1::GetReadinessReply* reply) override {
    MutexLock lock(mutex_);
    asked_ = *request;
    reply_ = reply;
    held_ = new HeldReactor(*this);
    changed_.NotifyAll();
    return held_;
  }

  // False when no question came.
  bool AwaitQuestion() {
    MutexLock lock(mutex_);
    return Await([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return held_ != nullptr; });
  }
  // False when the asker did not give up.
  bool AwaitCancelled() {
    MutexLock lock(mutex_);
    return Await([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return cancelled_; });
  }
  // REQUIRES: a question is held.
  void Answer(const grpc::Status& status, const v1::GetReadinessReply& answer = {}) {
    HeldReactor* held = nullptr;
    {
      MutexLock lock(mutex_);
      *reply_ = answer;
      held = std::exchange(held_, nullptr);
    }
    held->Finish(status);
  }
  v1::GetReadinessRequest asked() {
    MutexLock lock(mutex_);
    return asked_;
  }

 private:
  class HeldReactor final : public grpc::ServerUnaryReactor {
   public:
    explicit HeldReactor(HoldingInspection& owner) : owner_(owner) {}
    void OnCancel() override {
      {
        MutexLock lock(owner_.mutex_);
        owner_.cancelled_ = true;
        owner_.changed_.NotifyAll();
        if (std::exchange(owner_.held_, nullptr) == nullptr) return;
      }
      Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    HoldingInspection& owner_;
  };

  template <typename Condition>
  bool Await(Condition condition) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Time limit = absl::Now() + kWaitMax;
    while (!condition()) {
      if (absl::Now() >= limit) return false;
      changed_.WaitFor(mutex_, absl::ToChronoMilliseconds(limit - absl::Now()));
    }
    return true;
  }

  Mutex mutex_;
  CondVar changed_;
  v1::GetReadinessRequest asked_ ABSL_GUARDED_BY(mutex_);
  v1::GetReadinessReply* reply_ ABSL_GUARDED_BY(mutex_) = nullptr;
  HeldReactor* held_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

class RootReadinessTest : public testing::Test {
 protected:
  ~RootReadinessTest() override {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    rmdir(folder_.c_str());
  }

  // Serves on a socket that lives as long as the test, and on TCP; returns its port.
  int Serve() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    builder.RegisterService(&inspection_);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
    return port;
  }

  // Asks on a thread of its own; join it before looking at `answer`.
  std::thread Asking(absl::StatusOr<v1::GetReadinessReply>& answer, int interrupt_descriptor = -1) {
    return std::thread([this, &answer, interrupt_descriptor] {
      answer = root_->Ask(v1::GetReadinessRequest(), Soon(interrupt_descriptor));
    });
  }

  static std::string MakeFolder() {
    // The path of a socket has at most 107 bytes.
    std::string folder = "/tmp/root_readiness_XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    return folder;
  }

  const std::string folder_ = MakeFolder();
  const std::string socket_ = folder_ + "/root.sock";
  HoldingInspection inspection_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<RootReadiness> root_ = RootReadiness::At(socket_);
};

TEST_F(RootReadinessTest, AQuestionArrivesAsItIsAndItsAnswerComesBackWhenThePeerGivesIt) {
  const int port = Serve();
  root_ = RootReadiness::At(absl::StrCat("127.0.0.1:", port));
  v1::GetReadinessRequest request;
  request.set_wait_until_members(12);
  request.set_wait_for(v1::READINESS_STATE_WARM);
  absl::StatusOr<v1::GetReadinessReply> answer;
  std::thread asking([&] { answer = root_->Ask(request, Soon()); });
  ASSERT_TRUE(inspection_.AwaitQuestion());
  EXPECT_EQ(inspection_.asked().wait_until_members(), 12u);
  EXPECT_EQ(inspection_.asked().wait_for(), v1::READINESS_STATE_WARM);
  v1::GetReadinessReply given;
  given.set_total(12);
  given.set_not_proven("node[3,7]");
  inspection_.Answer(grpc::Status::OK, given);
  asking.join();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->total(), 12u);
  EXPECT_EQ(answer->not_proven(), "node[3,7]");
}

TEST_F(RootReadinessTest, AnInterruptionEndsTheWaitAndThePeerIsToldSo) {
  Serve();
  auto interruption = OpenPipe();
  ASSERT_TRUE(interruption.ok());
  absl::StatusOr<v1::GetReadinessReply> answer;
  std::thread asking = Asking(answer, interruption->read_end.get());
  ASSERT_TRUE(inspection_.AwaitQuestion());
  ASSERT_EQ(write(interruption->write_end.get(), "x", 1), 1);
  asking.join();
  EXPECT_EQ(answer.status(), absl::CancelledError("interrupted"));
  EXPECT_TRUE(inspection_.AwaitCancelled());
}

TEST_F(RootReadinessTest, OneThatWasInterruptedBeforeItAskedGetsNoAnswer) {
  Serve();
  auto interruption = OpenPipe();
  ASSERT_TRUE(interruption.ok());
  interruption->write_end.Reset();
  const auto answer = RootReadiness::At("/no/such/root.sock")
                          ->Ask({}, Soon(interruption->read_end.get()), AbsentPeer::kIsAwaited);
  EXPECT_EQ(answer.status(), absl::CancelledError("interrupted"));
}

TEST_F(RootReadinessTest, APeerThatNeverAnswersIsLeftAtTheDeadline) {
  Serve();
  const auto answer = root_->Ask({}, {.deadline = absl::Now() + absl::Milliseconds(300)});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr(socket_));
}

TEST_F(RootReadinessTest, APeerThatDoesNotListenIsAnErrorAtOnceThatNamesIt) {
  const auto answer = root_->Ask({}, Soon());
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr(socket_));
}

TEST_F(RootReadinessTest, AnAwaitedPeerIsAskedWhenItListens) {
  // Its first attempt fails.
  ASSERT_EQ(root_->Ask({}, Soon()).status().code(), absl::StatusCode::kUnavailable);
  absl::StatusOr<v1::GetReadinessReply> answer;
  std::thread asking([&] { answer = root_->Ask({}, Soon(), AbsentPeer::kIsAwaited); });
  Serve();
  ASSERT_TRUE(inspection_.AwaitQuestion());
  inspection_.Answer(grpc::Status::OK);
  asking.join();
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST_F(RootReadinessTest, AnAwaitedPeerThatNeverListensIsLeftAtTheDeadline) {
  const auto answer =
      root_->Ask({}, {.deadline = absl::Now() + absl::Milliseconds(300)}, AbsentPeer::kIsAwaited);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RootReadinessTest, AnErrorOfThePeerKeepsItsCodeAndItsWords) {
  Serve();
  absl::StatusOr<v1::GetReadinessReply> answer;
  std::thread asking = Asking(answer);
  ASSERT_TRUE(inspection_.AwaitQuestion());
  inspection_.Answer(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "256 wait already"));
  asking.join();
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("256 wait already"));
}

TEST_F(RootReadinessTest, APeerThatDiesWithTheQuestionUnderWayIsUnavailable) {
  Serve();
  absl::StatusOr<v1::GetReadinessReply> answer;
  std::thread asking = Asking(answer);
  ASSERT_TRUE(inspection_.AwaitQuestion());
  // Takes the connection away at once, and returns when the question has been let go.
  std::thread dying([&] { server_->Shutdown(std::chrono::system_clock::now()); });
  ASSERT_TRUE(inspection_.AwaitCancelled());
  dying.join();
  asking.join();
  EXPECT_FALSE(answer.ok());
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr(socket_));
}

}  // namespace
}  // namespace coppice
