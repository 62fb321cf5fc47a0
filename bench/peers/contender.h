// What a user could read the tree by: the local disk, our mount, or another one. Mounted anew for
// each measurement, so that it starts cold. Not thread-safe.
#ifndef COPPICE_BENCH_PEERS_CONTENDER_H_
#define COPPICE_BENCH_PEERS_CONTENDER_H_

#include <sys/types.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/bench_context.h"

namespace coppice {

// The tree, mounted for as long as this lives.
class MountedTree {
 public:
  virtual ~MountedTree() = default;
  // Where the tree is to be seen.
  virtual const std::string& root() const = 0;
  // The programs that serve it; none for what the kernel does itself.
  virtual std::vector<pid_t> pids() const = 0;
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual const std::string& name() const = 0;
  virtual absl::StatusOr<std::unique_ptr<MountedTree>> Mount() = 0;
};

// A contender, or why there is none: what is not installed, or may not be used here.
struct ContenderOrReason {
  std::string name;
  std::unique_ptr<Contender> contender;
  std::string reason;
};

struct ContenderPlaces {
  // What is served; must not change any more.
  std::string tree;
  // Ours alone: for mount points, logs, images, sockets.
  std::string scratch;
};

// Their names, in the order of the table.
inline constexpr std::array<const char*, 7> kContenderNames = {
    "local disk", "Coppice", "squashfuse_ll", "kernel squashfs", "bindfs", "sshfs", "rclone mount"};

// Those of the names, in the order of the table. Each that is there has been mounted once, as a
// trial. An error when it is ours that is missing or does not mount.
absl::StatusOr<std::vector<ContenderOrReason>> MakeContenders(const ContenderPlaces& places,
                                                              const std::vector<std::string>& names,
                                                              const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_PEERS_CONTENDER_H_
