#include "deploy/probe_report.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "deploy/one_line.h"
#include "grpcpp/grpcpp.h"
#include "proto/membership.grpc.pb.h"

namespace coppice {
namespace {

std::unique_ptr<v1::Membership::Stub> ConnectTo(const std::string& socket) {
  return v1::Membership::NewStub(
      grpc::CreateChannel(absl::StrCat("unix:", socket), grpc::InsecureChannelCredentials()));
}

absl::Status StatusOf(const grpc::Status& status, absl::string_view what) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(what, ": ", status.error_message()));
}

grpc::Status ReportProbe(const std::string& socket, const std::string& problem,
                         absl::Time deadline) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::ReportProbeRequest request;
  request.set_problem(InOneLine(problem));
  v1::ReportProbeReply reply;
  return ConnectTo(socket)->ReportProbe(&context, request, &reply);
}

}  // namespace

absl::Status ReportMountRead(const std::string& socket, absl::Time deadline) {
  return StatusOf(ReportProbe(socket, "", deadline),
                  absl::StrCat("prove the way from the peer at '", socket, "' to the roots"));
}

absl::Status ReportProblem(const std::string& socket, const std::string& problem,
                           absl::Time deadline) {
  return StatusOf(ReportProbe(socket, problem, deadline),
                  absl::StrCat("tell the peer at '", socket, "' what is wrong"));
}

absl::Status ReportWarming(const std::string& socket, uint64_t bytes, bool done,
                           const std::string& problem, absl::Time deadline) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::ReportWarmingRequest request;
  request.set_bytes(bytes);
  request.set_done(done);
  request.set_problem(InOneLine(problem));
  v1::ReportWarmingReply reply;
  return StatusOf(ConnectTo(socket)->ReportWarming(&context, request, &reply),
                  absl::StrCat("tell the peer at '", socket, "' how far the mount is warmed"));
}

}  // namespace coppice
