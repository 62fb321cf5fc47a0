// TCP on this machine, blocking, with nothing around it: what the bare copies of the benchmark are
// made of. Thread-safe: functions without state.
#ifndef COPPICE_BENCH_HOP_TCP_SOCKET_H_
#define COPPICE_BENCH_HOP_TCP_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/file_descriptor.h"

namespace coppice {

struct TcpListener {
  FileDescriptor socket;
  // "127.0.0.1:PORT".
  std::string address;
};

// On 127.0.0.1; port 0 takes a free one.
absl::StatusOr<TcpListener> ListenTcp(uint16_t port);
absl::StatusOr<FileDescriptor> AcceptTcp(int listener);
// `address` as in TcpListener.
absl::StatusOr<FileDescriptor> ConnectTcp(const std::string& address);

// All of it, by write(2) and read(2). ECONNRESET when the other side ends before that.
absl::Status WriteWhole(int descriptor, absl::Span<const char> bytes);
absl::Status ReadWhole(int descriptor, absl::Span<char> bytes);

// Copies until the end of `from`, through a buffer of kCopyBytes, by plain read(2) and write(2).
inline constexpr size_t kCopyBytes = size_t{1} << 20;
absl::Status CopyStream(int from, int to);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_TCP_SOCKET_H_
