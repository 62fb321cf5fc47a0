// absl::Status to grpc::Status, and back, with the errno.
//
// The errno travels as trailing metadata "coppice-errno" (proto/peer.proto). Each failure that our
// service answers has "coppice-answered" besides, so that the caller can tell a peer that said
// UNAVAILABLE from a peer that could not be reached: gRPC makes up statuses of the same codes
// itself.
//
// Messages are cut at kStatusMessageBytesMax: gRPC refuses trailing metadata above 8 KiB, a message
// is percent-encoded there to up to three times its size, and a message may quote a path of 4 KiB.
//
// Thread-safe: pure functions.
#ifndef COPPICE_RPC_STATUS_CODEC_H_
#define COPPICE_RPC_STATUS_CODEC_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace grpc {
class ClientContext;
class ServerContextBase;
class Status;
}  // namespace grpc

namespace coppice {

inline constexpr size_t kStatusMessageBytesMax = 1536;

// The status to finish a call of `context` with; adds to its trailing metadata unless it is OK.
// REQUIRES: the call is not finished yet.
grpc::Status EncodeStatus(const absl::Status& status, grpc::ServerContextBase& context);

// What a finished call came to. Code and message stay, and the errno if a valid one came. A failure
// of UNAVAILABLE, CANCELLED or UNKNOWN that no service of ours answered becomes UNAVAILABLE with
// the mark that IsTransportFailure sees; RESOURCE_EXHAUSTED without an errno that one did answer
// has the mark that IsOverload sees. REQUIRES: the call of `context` has finished.
absl::Status DecodeStatus(const grpc::Status& status, const grpc::ClientContext& context);

// A failure that a service of ours answered: the code, the message, and the errno if it is a valid
// one (0 for none). Marked as in DecodeStatus.
absl::Status AnsweredStatus(int code, absl::string_view message, int error_number);

// The peer did not answer, or not in time: the same request may succeed when it is sent again.
absl::Status TransportFailure(absl::string_view message);
bool IsTransportFailure(const absl::Status& status);

// The peer answered that one of its limits is reached: the same request may succeed later.
absl::Status Overload(absl::string_view message);
bool IsOverload(const absl::Status& status);

}  // namespace coppice

#endif  // COPPICE_RPC_STATUS_CODEC_H_
