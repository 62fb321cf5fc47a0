// Plays the kernel for a session over a socket: sends requests of the FUSE protocol (linux/fuse.h)
// and takes the answers, in any order. No mount, no root.
//
// For one thread at a time. Whatever does not come within kAnswerTimeout fails the test that waits.
#ifndef COPPICE_FUSE_CLIENT_TESTING_FAKE_KERNEL_H_
#define COPPICE_FUSE_CLIENT_TESTING_FAKE_KERNEL_H_

#include <linux/fuse.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace coppice {

class FakeKernel {
 public:
  static constexpr int kAnswerTimeoutSeconds = 60;

  struct Answer {
    int error = 0;  // an errno; 0 for success
    std::string data;

    template <typename T>
    T As() const {
      T value = {};
      std::memcpy(&value, data.data(), std::min(sizeof(T), data.size()));
      return value;
    }
  };
  struct Name {
    std::string name;
    uint64_t inode = 0;
    uint64_t offset = 0;
    uint32_t type = 0;  // DT_*
    fuse_entry_out entry = {};
  };
  struct Notification {
    int code = 0;  // FUSE_NOTIFY_*
    std::string data;
    // "invalidate 7/name", "expire 7/name", "node 7".
    std::string Text() const;
  };

  FakeKernel();
  ~FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  // The other end, for the session to own. Once.
  int TakeSessionEnd();
  // As if the file system were unmounted.
  void Close();

  // The handshake. What this kernel can is `flags`.
  fuse_init_out Initialise(uint32_t flags = ~uint32_t{0});

  // Returns the number of the request.
  uint64_t Send(uint32_t opcode, uint64_t node, absl::string_view body, uint32_t pid = 4242);
  Answer Wait(uint64_t request);
  void SendInterrupt(uint64_t request);
  // The next message that answers no request.
  Notification NextNotification();
  // No answer to that request has come. Only for what would have come before another answer that
  // was waited for.
  bool IsUnanswered(uint64_t request) const { return !answers_.contains(request); }

  Answer Ask(uint32_t opcode, uint64_t node, absl::string_view body = "") {
    return Wait(Send(opcode, node, body));
  }
  uint64_t SendLookup(uint64_t parent, const std::string& name);
  uint64_t SendRead(uint64_t node, uint64_t offset, uint32_t size);
  uint64_t SendDirectory(uint64_t node, uint64_t offset, uint32_t size, bool plus);
  Answer Lookup(uint64_t parent, const std::string& name) { return Wait(SendLookup(parent, name)); }
  Answer Getattr(uint64_t node);
  Answer Read(uint64_t node, uint64_t offset, uint32_t size) {
    return Wait(SendRead(node, offset, size));
  }
  // No answer.
  void Forget(uint64_t node, uint64_t lookups);

  static std::vector<Name> ParseNames(const Answer& answer, bool plus);

 private:
  void Receive();

  int kernel_end_ = -1;
  int session_end_ = -1;
  uint64_t next_request_ = 2;
  std::map<uint64_t, Answer> answers_;
  std::deque<Notification> notifications_;
};

// The bytes of a protocol structure.
template <typename T>
std::string BodyOf(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_TESTING_FAKE_KERNEL_H_
