#include "fuse_client/testing/fake_kernel.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

constexpr size_t kMessageBytesMax = 2 << 20;
// The protocol's flag of an expire notification; newer than the oldest headers we build with.
constexpr uint32_t kExpireOnly = 1;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::abort();
}

}  // namespace

FakeKernel::FakeKernel() {
  int ends[2];
  Require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  kernel_end_ = ends[0];
  session_end_ = ends[1];
  const timeval timeout = {.tv_sec = kAnswerTimeoutSeconds, .tv_usec = 0};
  Require(setsockopt(kernel_end_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0,
          "SO_RCVTIMEO");
}

FakeKernel::~FakeKernel() {
  Close();
  if (session_end_ >= 0) close(session_end_);
}

int FakeKernel::TakeSessionEnd() { return std::exchange(session_end_, -1); }

void FakeKernel::Close() {
  if (kernel_end_ >= 0) close(std::exchange(kernel_end_, -1));
}

fuse_init_out FakeKernel::Initialise(uint32_t flags) {
  const fuse_init_in in = {.major = FUSE_KERNEL_VERSION,
                           .minor = FUSE_KERNEL_MINOR_VERSION,
                           .max_readahead = 128 << 10,
                           .flags = flags};
  return Ask(FUSE_INIT, 0, BodyOf(in)).As<fuse_init_out>();
}

uint64_t FakeKernel::Send(uint32_t opcode, uint64_t node, absl::string_view body, uint32_t pid) {
  fuse_in_header header = {};
  header.len = sizeof(header) + body.size();
  header.opcode = opcode;
  header.unique = next_request_;
  header.nodeid = node;
  header.pid = pid;
  next_request_ += 2;  // the kernel's requests are even
  const std::string message = absl::StrCat(BodyOf(header), body);
  Require(send(kernel_end_, message.data(), message.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(message.size()),
          "send a request");
  return header.unique;
}

void FakeKernel::Receive() {
  std::string message(kMessageBytesMax, '\0');
  const ssize_t length = recv(kernel_end_, message.data(), message.size(), 0);
  Require(length >= static_cast<ssize_t>(sizeof(fuse_out_header)), "wait for an answer");
  fuse_out_header header;
  std::memcpy(&header, message.data(), sizeof(header));
  std::string data = message.substr(sizeof(header), length - sizeof(header));
  if (header.unique == 0) {
    notifications_.push_back({.code = header.error, .data = std::move(data)});
    return;
  }
  if (!answers_.emplace(header.unique, Answer{-header.error, std::move(data)}).second) {
    std::cerr << "request " << header.unique << " was answered twice\n";
    std::abort();
  }
}

FakeKernel::Answer FakeKernel::Wait(uint64_t request) {
  while (!answers_.contains(request)) Receive();
  // Kept: a second answer would be a fault.
  return answers_.at(request);
}

FakeKernel::Notification FakeKernel::NextNotification() {
  while (notifications_.empty()) Receive();
  Notification next = std::move(notifications_.front());
  notifications_.pop_front();
  return next;
}

std::string FakeKernel::Notification::Text() const {
  if (code == FUSE_NOTIFY_INVAL_INODE) {
    fuse_notify_inval_inode_out out;
    std::memcpy(&out, data.data(), sizeof(out));
    return absl::StrCat("node ", out.ino);
  }
  if (code != FUSE_NOTIFY_INVAL_ENTRY) return absl::StrCat("code ", code);
  fuse_notify_inval_entry_out out;
  std::memcpy(&out, data.data(), sizeof(out));
  uint32_t flags;
  // `flags` was `padding` in older headers.
  std::memcpy(&flags, data.data() + sizeof(out.parent) + sizeof(out.namelen), sizeof(flags));
  return absl::StrCat(flags == kExpireOnly ? "expire " : "invalidate ", out.parent, "/",
                      data.substr(sizeof(out), out.namelen));
}

void FakeKernel::SendInterrupt(uint64_t request) {
  Send(FUSE_INTERRUPT, 0, BodyOf(fuse_interrupt_in{.unique = request}));
}

uint64_t FakeKernel::SendLookup(uint64_t parent, const std::string& name) {
  return Send(FUSE_LOOKUP, parent, absl::string_view(name.c_str(), name.size() + 1));
}

uint64_t FakeKernel::SendRead(uint64_t node, uint64_t offset, uint32_t size) {
  return Send(FUSE_READ, node, BodyOf(fuse_read_in{.offset = offset, .size = size}));
}

uint64_t FakeKernel::SendDirectory(uint64_t node, uint64_t offset, uint32_t size, bool plus) {
  return Send(plus ? FUSE_READDIRPLUS : FUSE_READDIR, node,
              BodyOf(fuse_read_in{.offset = offset, .size = size}));
}

FakeKernel::Answer FakeKernel::Getattr(uint64_t node) {
  return Ask(FUSE_GETATTR, node, BodyOf(fuse_getattr_in{}));
}

void FakeKernel::Forget(uint64_t node, uint64_t lookups) {
  Send(FUSE_FORGET, node, BodyOf(fuse_forget_in{.nlookup = lookups}));
}

std::vector<FakeKernel::Name> FakeKernel::ParseNames(const Answer& answer, bool plus) {
  std::vector<Name> names;
  for (size_t at = 0; at < answer.data.size();) {
    Name name;
    if (plus) {
      std::memcpy(&name.entry, answer.data.data() + at, sizeof(name.entry));
      at += sizeof(name.entry);
    }
    fuse_dirent dirent;
    std::memcpy(&dirent, answer.data.data() + at, FUSE_NAME_OFFSET);
    name.name = answer.data.substr(at + FUSE_NAME_OFFSET, dirent.namelen);
    name.inode = dirent.ino;
    name.offset = dirent.off;
    name.type = dirent.type;
    at += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + dirent.namelen);
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace coppice
