#include "peer_server/testing/test_cluster.h"

#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "peer_server/roster.h"
#include "rpc/peer_channels.h"
#include "rpc/peer_source.h"
#include "tree_builder/tree_place.h"

namespace coppice {
namespace {

[[noreturn]] void Abort(const std::string& what) {
  fprintf(stderr, "TestCluster: %s\n", what.c_str());
  abort();
}

std::string MakeDirectory() {
  // Short: a socket's path has at most 107 bytes.
  char directory[] = "/tmp/coppice_cluster_XXXXXX";
  if (mkdtemp(directory) == nullptr) Abort("mkdtemp failed");
  return directory;
}

}  // namespace

TestCluster::TestCluster(size_t node_count, uint32_t fanout, CacheStackOptions stack,
                         uint32_t tree_count, absl::Duration stop_timeout)
    : stack_(stack),
      stop_timeout_(stop_timeout),
      directory_(MakeDirectory()),
      export_root_(directory_ + "/export/"),
      trees_(MakeTrees(node_count, fanout, tree_count)),
      stopped_(node_count),
      nodes_(node_count) {
  std::filesystem::create_directory(export_root_);
  for (size_t i = 0; i < node_count; ++i) {
    Start(i);
    // Patient: a test asks nobody else, and its machine may be busy.
    const std::string address = "unix:" + SocketOf(i);
    const PeerChannels channels = {.control = OpenPatientChannel(address),
                                   .bulk = OpenPatientChannel(address)};
    members_.push_back(
        {.client = MakePeerSource(channels, {.peer = absl::StrCat("node", i)}, *allocator_, clock_),
         .inspection = v1::Inspection::NewStub(channels.control)});
  }
}

TestCluster::~TestCluster() {
  // Children first, so that nobody asks a parent that is gone.
  for (size_t i = nodes_.size(); i-- > 0;) Stop(i);
  members_.clear();
  std::filesystem::remove_all(directory_);
}

void TestCluster::WriteFile(const std::string& path, const std::string& bytes) {
  const std::filesystem::path file = export_root_ + path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

std::string TestCluster::SocketOf(size_t index) const {
  return absl::StrCat(directory_, "/n", index, "/client");
}

std::string TestCluster::AddressOf(size_t index) const {
  return absl::StrCat("unix:", directory_, "/n", index, "/children");
}

TreeFile TestCluster::MakeTrees(size_t node_count, uint32_t fanout, uint32_t tree_count) const {
  std::vector<Member> members;
  for (size_t i = 0; i < node_count; ++i) {
    members.push_back({.name = absl::StrCat("node", i), .addresses = {AddressOf(i)}});
  }
  auto trees = TreeFile::Make(std::move(members), {.fanout = fanout, .tree_count = tree_count});
  if (!trees.ok()) Abort(std::string(trees.status().message()));
  return *std::move(trees);
}

uint64_t TestCluster::Total(size_t index, const std::string& layer, const std::string& counter) {
  grpc::ClientContext context;
  v1::GetStatisticsReply reply;
  const grpc::Status status = inspection(index).GetStatistics(&context, {}, &reply);
  if (!status.ok()) Abort("GetStatistics: " + status.error_message());
  uint64_t total = 0;
  for (const v1::LayerStatistics& statistics : reply.layers()) {
    const absl::string_view name = statistics.layer();
    if (name != layer && !absl::StartsWith(name, layer + "_")) continue;
    const auto found = statistics.counters().find(counter);
    if (found != statistics.counters().end()) total += found->second;
  }
  return total;
}

uint64_t TestCluster::Counter(size_t index, const std::string& layer, const std::string& counter) {
  grpc::ClientContext context;
  v1::GetStatisticsReply reply;
  const grpc::Status status = inspection(index).GetStatistics(&context, {}, &reply);
  if (!status.ok()) Abort("GetStatistics: " + status.error_message());
  for (const v1::LayerStatistics& statistics : reply.layers()) {
    if (statistics.layer() != layer) continue;
    const auto found = statistics.counters().find(counter);
    if (found != statistics.counters().end()) return found->second;
  }
  Abort("no counter " + counter + " in a layer " + layer);
}

void TestCluster::Stop(size_t index) {
  if (nodes_[index] == nullptr) return;
  nodes_[index]->Shutdown(absl::ZeroDuration());
  nodes_[index].reset();
}

bool TestCluster::AwaitStopped(size_t index) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  {
    MutexLock lock(mutex_);
    while (!stopped_[index]) {
      const auto left = limit - std::chrono::steady_clock::now();
      if (left.count() <= 0) return false;
      stopped_changed_.WaitFor(mutex_, left);
    }
  }
  Stop(index);
  return true;
}

void TestCluster::Start(size_t index) {
  {
    MutexLock lock(mutex_);
    stopped_[index] = false;
  }
  NodeOptions options;
  options.places = *FindPlaces(trees_, absl::StrCat("node", index));
  options.export_root = export_root_;
  options.roster = std::make_shared<const Roster>(trees_);
  options.tree_file = kTreeFile;
  options.on_stopped = [this, index] {
    MutexLock lock(mutex_);
    stopped_[index] = true;
    stopped_changed_.NotifyAll();
  };
  options.unix_socket = SocketOf(index);
  options.listen_addresses = {AddressOf(index)};
  options.stack = stack_;
  options.stop_timeout = stop_timeout_;
  options.backing_threads = 4;
  auto node = StartNode(options);
  if (!node.ok())
    Abort("node" + std::to_string(index) + ": " + std::string(node.status().message()));
  nodes_[index] = *std::move(node);
}

}  // namespace coppice
