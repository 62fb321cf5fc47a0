#include "rpc/status_codec.h"

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr char kErrnoKey[] = "coppice-errno";
constexpr char kAnsweredKey[] = "coppice-answered";
constexpr char kTransportPayload[] = "coppice/transport";
constexpr char kOverloadPayload[] = "coppice/overload";

// The largest errno of Linux, EHWPOISON.
constexpr int kErrnoMax = 133;

void CopyPayloads(const absl::Status& from, absl::Status& to) {
  from.ForEachPayload(
      [&to](absl::string_view url, const absl::Cord& payload) { to.SetPayload(url, payload); });
}

// 0 when there is none.
int ErrnoOf(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  const auto found = metadata.find(kErrnoKey);
  int error_number = 0;
  if (found == metadata.end() ||
      !absl::SimpleAtoi(absl::string_view(found->second.data(), found->second.size()),
                        &error_number)) {
    return 0;
  }
  return error_number;
}

absl::Status FailureOf(int code, absl::string_view message, int error_number) {
  absl::Status status(static_cast<absl::StatusCode>(code), message);
  if (error_number >= 1 && error_number <= kErrnoMax) {
    // The message has the errno's text already; only the payload is wanted.
    CopyPayloads(ErrnoStatus(error_number, ""), status);
  }
  return status;
}

bool MayBeMadeByTransport(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::CANCELLED ||
         code == grpc::StatusCode::UNKNOWN;
}

}  // namespace

grpc::Status EncodeStatus(const absl::Status& status, grpc::ServerContextBase& context) {
  if (status.ok()) return grpc::Status::OK;
  context.AddTrailingMetadata(kAnsweredKey, "1");
  if (HasErrno(status)) {
    context.AddTrailingMetadata(kErrnoKey, absl::StrCat(StatusErrno(status)));
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message().substr(0, kStatusMessageBytesMax)));
}

absl::Status DecodeStatus(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  const auto& metadata = context.GetServerTrailingMetadata();
  const bool answered = metadata.find(kAnsweredKey) != metadata.end();
  if (!answered && MayBeMadeByTransport(status.error_code())) {
    return TransportFailure(status.error_message());
  }
  if (answered) {
    return AnsweredStatus(status.error_code(), status.error_message(), ErrnoOf(metadata));
  }
  return FailureOf(status.error_code(), status.error_message(), ErrnoOf(metadata));
}

absl::Status AnsweredStatus(int code, absl::string_view message, int error_number) {
  absl::Status status = FailureOf(code, message, error_number);
  return absl::IsResourceExhausted(status) && !HasErrno(status) ? Overload(message) : status;
}

absl::Status TransportFailure(absl::string_view message) {
  absl::Status status = absl::UnavailableError(message);
  status.SetPayload(kTransportPayload, absl::Cord("1"));
  return status;
}

bool IsTransportFailure(const absl::Status& status) {
  return status.GetPayload(kTransportPayload).has_value();
}

absl::Status Overload(absl::string_view message) {
  absl::Status status = absl::ResourceExhaustedError(message);
  status.SetPayload(kOverloadPayload, absl::Cord("1"));
  return status;
}

bool IsOverload(const absl::Status& status) {
  return status.GetPayload(kOverloadPayload).has_value();
}

}  // namespace coppice
