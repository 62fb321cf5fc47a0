#include "deploy/end_to_end/dynamics/invalidation_client.h"

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "proto/inspection.grpc.pb.h"

namespace coppice {

absl::StatusOr<InvalidationOutcome> AskInvalidate(const std::string& socket,
                                                  const std::string& path, bool recursive,
                                                  absl::Time deadline) {
  const auto stub = v1::Inspection::NewStub(
      grpc::CreateChannel(absl::StrCat("unix:", socket), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::InvalidateRequest request;
  request.set_path(path);
  request.set_recursive(recursive);
  v1::InvalidateReply reply;
  const grpc::Status status = stub->Invalidate(&context, request, &reply);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        absl::StrCat("invalidate '", path, "': ", status.error_message()));
  }
  return InvalidationOutcome{.nodes = reply.nodes(),
                             .mounts = reply.mounts(),
                             .failures = {reply.failures().begin(), reply.failures().end()}};
}

}  // namespace coppice
