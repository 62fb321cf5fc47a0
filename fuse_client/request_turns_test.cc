// The kernel's end is a socket of packets: a write to it is a request.
#include "fuse_client/request_turns.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "common/file_descriptor.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

class RequestTurnsTest : public testing::Test {
 protected:
  RequestTurnsTest() {
    std::array<int, 2> ends;
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    kernel_ = FileDescriptor(ends[0]);
    device_ = FileDescriptor(ends[1]);
  }

  void Request(const std::string& text) {
    EXPECT_EQ(write(kernel_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  // What the calling thread reads; "" at the end.
  std::string Read(RequestTurns& turns) {
    char buffer[64];
    const ssize_t length = turns.Read(device_.get(), buffer, sizeof(buffer));
    return length > 0 ? std::string(buffer, static_cast<size_t>(length)) : "";
  }

  FileDescriptor kernel_;
  FileDescriptor device_;
};

TEST_F(RequestTurnsTest, OneThreadReadsOneRequestAfterTheOtherAndKeepsTheTurn) {
  RequestTurns turns;
  for (const char* text : {"a", "b", "c"}) {
    Request(text);
    EXPECT_EQ(Read(turns), text);
  }
  EXPECT_EQ(turns.passed_on(), 0u);
}

TEST_F(RequestTurnsTest, ARequestThatIsThereAlreadyIsReadByAnotherThreadMeanwhile) {
  RequestTurns turns;
  Request("a");
  Request("b");
  EXPECT_EQ(Read(turns), "a");
  EXPECT_EQ(turns.passed_on(), 1u);
  // While this thread answers.
  std::string read;
  std::thread([&] { read = Read(turns); }).join();
  EXPECT_EQ(read, "b");
}

TEST_F(RequestTurnsTest, OthersAreParkedWhileTheTurnIsTaken) {
  RequestTurns turns;
  Request("a");
  EXPECT_EQ(Read(turns), "a");
  std::string read = "nothing yet";
  std::thread other([&] { read = Read(turns); });
  Request("b");
  Request("c");
  // The turn is this thread's still, so it is the one that gets the next request.
  EXPECT_EQ(Read(turns), "b");
  other.join();
  EXPECT_EQ(read, "c");
}

TEST_F(RequestTurnsTest, AThreadThatPassedTheTurnOnWaitsForItLikeAnyOther) {
  RequestTurns turns;
  Request("a");
  Request("b");
  EXPECT_EQ(Read(turns), "a");
  absl::Notification answered;
  std::string read;
  std::thread other([&] {
    read = Read(turns);
    answered.WaitForNotification();
    EXPECT_EQ(Read(turns), "c");
    EXPECT_EQ(Read(turns), "");
  });
  Request("c");
  answered.Notify();
  kernel_.Reset();
  other.join();
  EXPECT_EQ(read, "b");
}

TEST_F(RequestTurnsTest, AThreadThatAnswersTooLongIsRescued) {
  RequestTurns turns(/*answer_max=*/absl::ZeroDuration());
  Request("a");
  EXPECT_EQ(Read(turns), "a");
  turns.Rescue();
  EXPECT_EQ(turns.rescued(), 1u);
  Request("b");
  // This thread is still answering.
  std::string read;
  std::thread([&] { read = Read(turns); }).join();
  EXPECT_EQ(read, "b");
  // The other has ended with the turn; nobody is left to be rescued but it.
  turns.Rescue();
  Request("c");
  EXPECT_EQ(Read(turns), "c");
}

TEST_F(RequestTurnsTest, NobodyIsRescuedWhoOnlyWaitsOrAnswersInTime) {
  RequestTurns patient(absl::Hours(1));
  Request("a");
  EXPECT_EQ(Read(patient), "a");
  patient.Rescue();
  EXPECT_EQ(patient.rescued(), 0u);
  RequestTurns turns(absl::ZeroDuration());
  turns.Rescue();
  EXPECT_EQ(turns.rescued(), 0u);
}

TEST_F(RequestTurnsTest, ThreadsThatWaitCanBeCancelled) {
  RequestTurns turns;
  std::thread threads[2];
  for (std::thread& thread : threads) thread = std::thread([&] { Read(turns); });
  for (std::thread& thread : threads) pthread_cancel(thread.native_handle());
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace coppice
