// The command line of fuse_client. Parsed once; nothing below main reads a flag.
#ifndef COPPICE_FUSE_CLIENT_CLIENT_FLAGS_H_
#define COPPICE_FUSE_CLIENT_CLIENT_FLAGS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/log.h"

namespace coppice {

struct ClientFlags {
  std::string mount_point;  // absolute
  std::string peer;         // "unix:/path"
  std::string mount_options;
  bool allow_other = false;
  bool rewrite_symlinks = false;
  bool read_write_mount = false;
  absl::Duration operation_timeout = absl::Seconds(60);
  absl::Duration negative_ttl = absl::Seconds(10);
  absl::Duration metadata_ttl = absl::InfiniteDuration();
  unsigned threads = 4;
  // Where the trace goes, absolute; empty: nothing is recorded.
  std::string record;
  LogOptions log;
  std::optional<int> ready_fd;
};

// The flags, or the code to exit with: 0 after --help, 2 after a mistake. What there is to say has
// then been printed.
struct ParsedClientFlags {
  std::optional<ClientFlags> flags;
  int exit_code = 0;
};
ParsedClientFlags ParseClientFlags(int argc, const char* const* argv);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_CLIENT_FLAGS_H_
