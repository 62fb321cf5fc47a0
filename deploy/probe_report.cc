#include "deploy/probe_report.h"

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "proto/membership.grpc.pb.h"

namespace coppice {

absl::Status ReportMountRead(const std::string& socket, absl::Time deadline) {
  const auto stub = v1::Membership::NewStub(
      grpc::CreateChannel(absl::StrCat("unix:", socket), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::ReportProbeReply reply;
  const grpc::Status status = stub->ReportProbe(&context, v1::ReportProbeRequest(), &reply);
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat("prove the way from the peer at '", socket,
                                   "' to the roots: ", status.error_message()));
}

}  // namespace coppice
