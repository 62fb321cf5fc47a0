#include "bench/fuse_server.h"

#include <linux/fuse.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/ready_signal.h"
#include "common/status.h"
#include "fuse_client/request_counters.h"

namespace coppice {
namespace {

constexpr char kCountersName[] = "user.bench.requests";
constexpr size_t kCountersBytesMax = 4096;
// As fuse_client asks for.
constexpr unsigned kMaxBackground = 128;
constexpr unsigned kCongestionThreshold = 96;
constexpr unsigned kWanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_READDIRPLUS |
                             FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_EXPLICIT_INVAL_DATA |
                             FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT;
constexpr unsigned kUnwanted =
    FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
    FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_FLOCK_LOCKS |
    FUSE_CAP_POSIX_LOCKS | FUSE_CAP_HANDLE_KILLPRIV;
// The header, then struct fuse_init_out.
constexpr int kInitAnswerPieces = 2;

struct Server {
  FuseFileSystem& file_system;
  const bool readdirplus;
  RequestCounters counters;
  // The kernel can do parallel directory operations, and is not told yet that we can.
  std::atomic<bool> offer_parallel_dirops = false;
};

Server& Of(fuse_req_t request) { return *static_cast<Server*>(fuse_req_userdata(request)); }

// Counts the request and gives the file system that is to answer it.
FuseFileSystem& Counted(fuse_req_t request, RequestKind kind) {
  Server& server = Of(request);
  server.counters.Count(kind);
  return server.file_system;
}

void Init(void* self, fuse_conn_info* connection) {
  connection->want = (connection->want & ~kUnwanted) | (connection->capable & kWanted);
  if (!static_cast<Server*>(self)->readdirplus) {
    connection->want &= ~(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
  }
  connection->max_background = kMaxBackground;
  connection->congestion_threshold = kCongestionThreshold;
  static_cast<Server*>(self)->offer_parallel_dirops =
      (connection->capable & FUSE_CAP_PARALLEL_DIROPS) != 0;
}

// libfuse before 3.17 never sends FUSE_PARALLEL_DIROPS (fuse_client/connection_io.h): it is put
// into the answer to INIT, the first that is written.
ssize_t WriteToDevice(int descriptor, iovec* pieces, int count, void* self) {
  if (static_cast<Server*>(self)->offer_parallel_dirops.exchange(false) &&
      count == kInitAnswerPieces && pieces[1].iov_len >= sizeof(fuse_init_out)) {
    static_cast<fuse_init_out*>(pieces[1].iov_base)->flags |= FUSE_PARALLEL_DIROPS;
  }
  return writev(descriptor, pieces, count);
}

ssize_t ReadFromDevice(int descriptor, void* buffer, size_t size, void* /*self*/) {
  return read(descriptor, buffer, size);
}

void GetAttribute(fuse_req_t request, fuse_ino_t node, const char* name, size_t size) {
  Server& server = Of(request);
  if (node != FUSE_ROOT_ID || strcmp(name, kCountersName) != 0) {
    server.counters.Count(RequestKind::kGetxattr);
    fuse_reply_err(request, ENODATA);
    return;
  }
  std::string text;
  for (const auto& [kind, count] : server.counters.Snapshot()) {
    absl::StrAppend(&text, kind, "=", count, "\n");
  }
  if (size == 0) {
    fuse_reply_xattr(request, text.size());
  } else if (size < text.size()) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, text.data(), text.size());
  }
}

void SetReads(fuse_lowlevel_ops& operations) {
  operations.open = [](fuse_req_t request, fuse_ino_t node, fuse_file_info* file) {
    Counted(request, RequestKind::kOpen).Open(request, node, file);
  };
  operations.release = [](fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    Of(request).file_system.Release(request, file);
  };
  operations.read = [](fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                       fuse_file_info* file) {
    // The request is gone once it is answered.
    Server& server = Of(request);
    server.counters.Count(RequestKind::kRead);
    server.counters.CountReadBytes(server.file_system.Read(request, node, size, offset, file));
  };
  operations.opendir = [](fuse_req_t request, fuse_ino_t node, fuse_file_info* file) {
    Counted(request, RequestKind::kOpendir).OpenDirectory(request, node, file);
  };
  operations.releasedir = [](fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    Of(request).file_system.ReleaseDirectory(request, file);
  };
  operations.readdir = [](fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                          fuse_file_info* file) {
    Counted(request, RequestKind::kReaddir)
        .ReadDirectory(request, node, size, offset, file, /*plus=*/false);
  };
  operations.readdirplus = [](fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                              fuse_file_info* file) {
    Counted(request, RequestKind::kReaddirplus)
        .ReadDirectory(request, node, size, offset, file, /*plus=*/true);
  };
}

fuse_lowlevel_ops Operations() {
  fuse_lowlevel_ops operations = {};
  operations.init = Init;
  operations.lookup = [](fuse_req_t request, fuse_ino_t parent, const char* name) {
    Counted(request, RequestKind::kLookup).Lookup(request, parent, name);
  };
  // Nodes are kept for good: forgetting needs no answer, nor a count.
  operations.forget = [](fuse_req_t request, fuse_ino_t, uint64_t) { fuse_reply_none(request); };
  operations.getattr = [](fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
    Counted(request, RequestKind::kGetattr).GetAttributes(request, node);
  };
  operations.readlink = [](fuse_req_t request, fuse_ino_t node) {
    Counted(request, RequestKind::kReadlink).ReadLink(request, node);
  };
  operations.getxattr = GetAttribute;
  operations.flush = [](fuse_req_t request, fuse_ino_t, fuse_file_info*) {
    Counted(request, RequestKind::kFlush);
    fuse_reply_err(request, ENOSYS);
  };
  operations.ioctl = [](fuse_req_t request, fuse_ino_t, unsigned, void*, fuse_file_info*, unsigned,
                        const void*, size_t, size_t) {
    Counted(request, RequestKind::kIoctl);
    fuse_reply_err(request, ENOTTY);
  };
  SetReads(operations);
  return operations;
}

absl::Status RunLoop(fuse_session* session, const FuseServerOptions& options) {
  if (absl::Status status = SignalReady(options.ready_fd); !status.ok()) return status;
  fuse_loop_config* const config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_clone_fd(config, 1);
  fuse_loop_cfg_set_max_threads(config, options.threads);
  fuse_loop_cfg_set_idle_threads(config, options.threads);
  const int result = fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
  // The number of a signal is an orderly end.
  return result >= 0 ? absl::OkStatus() : ErrnoStatus(-result, "serve FUSE requests");
}

absl::Status MountAndRun(fuse_session* session, const FuseServerOptions& options) {
  if (fuse_set_signal_handlers(session) != 0) return absl::InternalError("set signal handlers");
  if (fuse_session_mount(session, options.mount_point.c_str()) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot mount at '", options.mount_point, "' (the reason is above)"));
  }
  static constexpr fuse_custom_io kIo = {.writev = WriteToDevice, .read = ReadFromDevice};
  absl::Status status = absl::OkStatus();
  if (const int result = fuse_session_custom_io(session, &kIo, fuse_session_fd(session));
      result != 0) {
    status = ErrnoStatus(-result, "set how libfuse reads");
  }
  if (status.ok()) status = RunLoop(session, options);
  fuse_session_unmount(session);
  fuse_remove_signal_handlers(session);
  return status;
}

}  // namespace

absl::Status ServeMount(FuseFileSystem& file_system, const FuseServerOptions& options) {
  Server server = {.file_system = file_system, .readdirplus = options.readdirplus};
  const std::string mount_options =
      absl::StrCat("ro,default_permissions,fsname=", options.name, ",subtype=", options.name);
  std::vector<std::string> words = {options.name, "-o", mount_options};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  fuse_args parsed = FUSE_ARGS_INIT(static_cast<int>(arguments.size()), arguments.data());
  const fuse_lowlevel_ops operations = Operations();
  fuse_session* const session = fuse_session_new(&parsed, &operations, sizeof(operations), &server);
  fuse_opt_free_args(&parsed);
  if (session == nullptr) return absl::InternalError("libfuse refuses the mount options");
  absl::Status status = MountAndRun(session, options);
  fuse_session_destroy(session);
  return status;
}

void ReplyMissing(fuse_req_t request) {
  fuse_entry_param entry = {};
  entry.entry_timeout = kCachedSeconds;
  fuse_reply_entry(request, &entry);
}

absl::StatusOr<std::map<std::string, uint64_t>> ReadRequestCounters(
    const std::string& mount_point) {
  std::array<char, kCountersBytesMax> buffer;
  const ssize_t size = getxattr(mount_point.c_str(), kCountersName, buffer.data(), buffer.size());
  if (size < 0) {
    return ErrnoStatus(errno, absl::StrCat("ask '", mount_point, "' for its request counters"));
  }
  std::map<std::string, uint64_t> counters;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(buffer.data(), size), '\n', absl::SkipEmpty())) {
    const std::pair<std::string, absl::string_view> parts = absl::StrSplit(line, '=');
    uint64_t value = 0;
    if (absl::SimpleAtoi(parts.second, &value)) counters[parts.first] = value;
  }
  return counters;
}

}  // namespace coppice
