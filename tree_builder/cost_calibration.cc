#include "tree_builder/cost_calibration.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "tree_builder/tcp_echo.h"

namespace coppice {
namespace {

// What peers add to the network's share. Over three hops of peers on one machine 106 us a hop were
// measured, where a plain echo takes 6; and a further child costs a parent half of the 72 us of CPU
// of a hop, where plain TCP takes 4.
constexpr double kPeerHopUs = 100;
constexpr double kPeerChildUs = 32;

// Of each of the three measurements.
constexpr absl::Duration kMeasureMax = absl::Milliseconds(300);
constexpr size_t kRoundsMin = 5;
constexpr size_t kRoundsMax = 20'000;
constexpr size_t kEchoBytes = 64;
constexpr size_t kChildBytes = 4096;
constexpr size_t kChildren = 8;
constexpr size_t kStreamPieceBytes = size_t{1} << 20;
constexpr size_t kStreamBytesMax = size_t{8} << 30;
// No time is zero, and no constant may be.
constexpr double kMicrosecondsMin = 0.1;

// Sends to all, then waits for all.
absl::Status EchoOnce(std::vector<EchoClient>& clients, size_t count, std::vector<char>& bytes) {
  for (size_t i = 0; i < count; ++i) {
    if (absl::Status sent = clients[i].Send(bytes.data(), bytes.size()); !sent.ok()) return sent;
  }
  for (size_t i = 0; i < count; ++i) {
    if (absl::Status got = clients[i].Receive(bytes.data(), bytes.size()); !got.ok()) return got;
  }
  return absl::OkStatus();
}

// The median time of echoes from the first `count` clients at once, in microseconds.
absl::StatusOr<double> MedianEcho(std::vector<EchoClient>& clients, size_t count,
                                  size_t bytes_each) {
  std::vector<char> bytes(bytes_each, 'x');
  std::vector<double> times;
  const absl::Time end = absl::Now() + kMeasureMax;
  while (times.size() < kRoundsMax && (times.size() < kRoundsMin || absl::Now() < end)) {
    const absl::Time start = absl::Now();
    if (absl::Status echoed = EchoOnce(clients, count, bytes); !echoed.ok()) return echoed;
    times.push_back(absl::ToDoubleMicroseconds(absl::Now() - start));
  }
  std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2),
                   times.end());
  return times[times.size() / 2];
}

absl::StatusOr<double> StreamMegabytesPerSecond(const std::string& address) {
  absl::StatusOr<EchoClient> client = EchoClient::Connect(address, EchoMode::kSink);
  if (!client.ok()) return client.status();
  const std::vector<char> piece(kStreamPieceBytes, 'x');
  const absl::Time start = absl::Now();
  size_t sent = 0;
  while (sent == 0 || (sent < kStreamBytesMax && absl::Now() < start + kMeasureMax)) {
    if (absl::Status status = client->Send(piece.data(), piece.size()); !status.ok()) return status;
    sent += piece.size();
  }
  char answer = 0;
  if (absl::Status ended = client->EndSending(); !ended.ok()) return ended;
  if (absl::Status arrived = client->Receive(&answer, 1); !arrived.ok()) return arrived;
  return static_cast<double>(sent) / absl::ToDoubleMicroseconds(absl::Now() - start);
}

absl::StatusOr<TreeCosts> Measure(const std::string& address) {
  std::vector<EchoClient> clients;
  for (size_t i = 0; i < kChildren; ++i) {
    absl::StatusOr<EchoClient> client = EchoClient::Connect(address, EchoMode::kEcho);
    if (!client.ok()) return client.status();
    clients.push_back(*std::move(client));
  }
  const absl::StatusOr<double> echo = MedianEcho(clients, 1, kEchoBytes);
  if (!echo.ok()) return echo.status();
  const absl::StatusOr<double> one = MedianEcho(clients, 1, kChildBytes);
  if (!one.ok()) return one.status();
  const absl::StatusOr<double> all = MedianEcho(clients, kChildren, kChildBytes);
  if (!all.ok()) return all.status();
  const absl::StatusOr<double> rate = StreamMegabytesPerSecond(address);
  if (!rate.ok()) return rate.status();
  return TreeCosts{
      .hop_us = *echo + kPeerHopUs,
      .child_us = std::max((*all - *one) / (kChildren - 1), kMicrosecondsMin) + kPeerChildUs,
      .bandwidth_mb_per_s = *rate};
}

// Ends the server too, whatever was measured.
absl::StatusOr<TreeCosts> MeasureAndEnd(const std::string& address) {
  absl::StatusOr<TreeCosts> costs = Measure(address);
  const absl::Status ended = EchoClient::Connect(address, EchoMode::kEnd).status();
  if (costs.ok() && !ended.ok()) return ended;
  return costs;
}

}  // namespace

absl::StatusOr<TreeCosts> CalibrateOverLoopback() {
  absl::StatusOr<EchoServer> server = EchoServer::Listen(0, /*on_loopback=*/true);
  if (!server.ok()) return server.status();
  std::thread thread([&server] { (void)server->Run(kTcpCallMax, kTcpCallMax); });
  absl::StatusOr<TreeCosts> costs = MeasureAndEnd(absl::StrCat("127.0.0.1:", server->port()));
  thread.join();
  return costs;
}

absl::StatusOr<TreeCosts> CalibrateWith(const std::string& address) {
  absl::StatusOr<TreeCosts> costs = MeasureAndEnd(address);
  if (!costs.ok()) return Annotate(costs.status(), absl::StrCat("calibration with ", address));
  return costs;
}

absl::Status ServeCalibration(uint16_t port) {
  absl::StatusOr<EchoServer> server = EchoServer::Listen(port, /*on_loopback=*/false);
  if (!server.ok()) return server.status();
  return server->Run(absl::InfiniteDuration(), kCalibrationMax);
}

}  // namespace coppice
