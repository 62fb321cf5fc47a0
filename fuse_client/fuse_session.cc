#include "fuse_client/fuse_session.h"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "common/status.h"
#include "fuse_client/connection_io.h"
#include "fuse_client/files_ahead.h"
#include "fuse_client/fuse_api.h"
#include "fuse_client/fuse_device.h"
#include "fuse_client/kernel_cache.h"
#include "fuse_client/mount_point.h"
#include "fuse_client/periodic_task.h"
#include "fuse_client/recording_file_system.h"
#include "fuse_client/request_turns.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

// How long to wait between two attempts to wake the loop: a signal may come just before it waits.
constexpr std::chrono::milliseconds kWakeInterval(5);

class LibfuseSession final : public FuseSession {
 public:
  LibfuseSession(FuseSessionParts parts, FuseSessionOptions options)
      : layers_(std::move(parts.layers)),
        options_(std::move(options)),
        transient_names_(options_.file_system.negative_ttl),
        watch_(parts.source, table_, kernel_cache_, parts.clock, WatchOptions()),
        notifier_(kernel_cache_),
        storing_(kernel_cache_, kFilesAheadQueueMax),
        files_ahead_(parts.source, table_, storing_),
        file_system_(MakeFileSystem({.source = parts.source,
                                     .clock = parts.clock,
                                     .table = table_,
                                     .numbers = numbers_,
                                     .watch = watch_,
                                     .transient_names = transient_names_,
                                     .notifier = notifier_,
                                     .counters = counters_,
                                     .in_flight = in_flight_,
                                     .interrupt_policy = options_.interrupt_policy,
                                     .files_ahead = GivesFilesAhead() ? &files_ahead_ : nullptr})) {
  }

  ~LibfuseSession() override { Shutdown(); }

  absl::Status Mount(const std::string& mount_point) {
    if (absl::Status status = MakeSession(MountOptions()); !status.ok()) return status;
    if (fuse_session_mount(session_, mount_point.c_str()) != 0) {
      return absl::FailedPreconditionError(absl::StrCat("libfuse could not mount at '", mount_point,
                                                        "' (its reason is on standard error)"));
    }
    mounted_ = true;
    if (absl::Status status = UseIo(DeviceIo(), fuse_session_fd(session_)); !status.ok()) {
      return status;
    }
    Start();
    return absl::OkStatus();
  }

  absl::Status Serve(int descriptor) {
    if (absl::Status status = MakeSession(""); !status.ok()) return status;
    if (absl::Status status = UseIo(SocketIo(), descriptor); !status.ok()) return status;
    Start();
    return absl::OkStatus();
  }

  void Invalidate(const Invalidation& invalidation, absl::AnyInvocable<void() &&> done) override;

  std::map<std::string, uint64_t> Counters() const override {
    std::map<std::string, uint64_t> counters = counters_.Snapshot();
    counters["files_given"] = files_ahead_.given();
    return counters;
  }

  void Tick() override { watch_.Tick(); }

  void WaitUntilEnded() override {
    MutexLock lock(mutex_);
    while (!ended_) changed_.Wait(mutex_);
  }

  void Shutdown() override;

 private:
  DirectoryWatchOptions WatchOptions() const {
    DirectoryWatchOptions watch = options_.watch;
    watch.negative_ttl = options_.file_system.negative_ttl;
    watch.operation_timeout = options_.file_system.operation_timeout;
    return watch;
  }

  // A recording is of what the kernel asks for.
  bool GivesFilesAhead() const {
    return options_.give_files_ahead && options_.touch_log == nullptr;
  }

  std::unique_ptr<FileSystem> MakeFileSystem(FileSystemParts parts) const {
    if (options_.touch_log == nullptr) {
      return std::make_unique<FileSystem>(parts, options_.file_system);
    }
    return MakeRecordingFileSystem(parts, options_.file_system, *options_.touch_log);
  }

  std::string MountOptions() const {
    // Permissions are the kernel's to check: it knows all groups of the caller.
    std::string text = "default_permissions,fsname=coppice,subtype=coppice";
    if (!options_.file_system.read_write_mount) absl::StrAppend(&text, ",ro");
    if (options_.allow_other) absl::StrAppend(&text, ",allow_other");
    if (!options_.mount_options.empty()) absl::StrAppend(&text, ",", options_.mount_options);
    return text;
  }

  void TellKernel(KernelCache& kernel, const Invalidation& invalidation);

  absl::Status UseIo(const fuse_custom_io& io, int descriptor) {
    const int result = fuse_session_custom_io(session_, &io, descriptor);
    return result == 0 ? absl::OkStatus() : ErrnoStatus(-result, "set how libfuse reads");
  }

  absl::Status MakeSession(const std::string& mount_options) {
    // libfuse takes the vector over only to read it.
    std::vector<std::string> words = {"coppice"};
    if (!mount_options.empty()) words.insert(words.end(), {"-o", mount_options});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    fuse_args parsed = FUSE_ARGS_INIT(static_cast<int>(arguments.size()), arguments.data());
    const fuse_lowlevel_ops operations = FileSystem::Operations();
    session_ = fuse_session_new(&parsed, &operations, sizeof(operations), file_system_.get());
    fuse_opt_free_args(&parsed);
    if (session_ == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("libfuse refuses the mount options '", mount_options, "'"));
    }
    kernel_cache_.Attach(session_);
    return absl::OkStatus();
  }

  void Start() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    // Not SA_RESTART: the loop's wait is to be interrupted.
    sigaction(FuseWakeSignal(), &action, nullptr);
    loop_ = std::thread([this] { Loop(); });
    rescues_ =
        std::make_unique<PeriodicTask>(kRescueInterval, [this] { file_system_->turns().Rescue(); });
    if (options_.tick) {
      ticks_ = std::make_unique<PeriodicTask>(options_.file_system.negative_ttl,
                                              [this] { watch_.Tick(); });
    }
  }

  void Loop() {
    fuse_loop_config* const config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_clone_fd(config, mounted_ ? 1 : 0);
    fuse_loop_cfg_set_max_threads(config, options_.threads);
    fuse_loop_cfg_set_idle_threads(config, options_.threads);
    const int result = fuse_session_loop_mt(session_, config);
    fuse_loop_cfg_destroy(config);
    if (result != 0) spdlog::warn("the FUSE loop ended with {}", result);
    {
      MutexLock lock(mutex_);
      ended_ = true;
      changed_.NotifyAll();
    }
    if (options_.on_ended) options_.on_ended();
  }

  // Ends the loop, wherever it waits.
  void EndLoop() {
    {
      MutexLock lock(mutex_);
      while (!ended_) {
        // Again in each turn: libfuse resets the mark when the loop ends.
        fuse_session_exit(session_);
        pthread_kill(loop_.native_handle(), FuseWakeSignal());
        changed_.WaitFor(mutex_, kWakeInterval);
      }
    }
    loop_.join();
  }

  const std::vector<Invalidatable*> layers_;
  FuseSessionOptions options_;
  InodeTable table_;
  InodeNumbers numbers_;
  TransientNames transient_names_;
  SessionKernelCache kernel_cache_;
  DirectoryWatch watch_;
  KernelCacheNotifier notifier_;
  KernelCacheNotifier storing_;
  FilesAhead files_ahead_;
  RequestCounters counters_;
  InFlight in_flight_;
  const std::unique_ptr<FileSystem> file_system_;
  fuse_session* session_ = nullptr;
  bool mounted_ = false;
  std::unique_ptr<PeriodicTask> ticks_;
  std::unique_ptr<PeriodicTask> rescues_;
  std::thread loop_;

  Mutex mutex_;
  CondVar changed_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
};

void LibfuseSession::Invalidate(const Invalidation& invalidation,
                                absl::AnyInvocable<void() &&> done) {
  for (Invalidatable* layer : layers_) layer->Invalidate(invalidation);
  file_system_->BeginInvalidation();
  auto shared_done = std::make_shared<absl::AnyInvocable<void() &&>>(std::move(done));
  KernelCacheNotifier::Task task = [this, invalidation, shared_done](KernelCache& kernel) {
    TellKernel(kernel, invalidation);
    std::move (*shared_done)();
  };
  // After Shutdown there is no kernel that could remember.
  if (!notifier_.Post(task)) std::move (*shared_done)();
}

void LibfuseSession::TellKernel(KernelCache& kernel, const Invalidation& invalidation) {
  std::set<std::pair<uint64_t, std::string>> negative_names;
  for (auto& name : watch_.TakeNames(invalidation)) negative_names.insert(std::move(name));
  for (auto& name : transient_names_.NamesCovered(invalidation)) {
    negative_names.insert(std::move(name));
  }
  for (const auto& [parent, name] : negative_names) kernel.InvalidateEntry(parent, name);

  const auto forget = [&](const Path& path, const std::vector<uint64_t>& nodes) {
    if (!path.IsRoot()) {
      for (const uint64_t parent : table_.NodesAt(path.Parent())) {
        kernel.ExpireEntry(parent, std::string(path.Name()));
      }
    }
    for (const uint64_t node : nodes) kernel.InvalidateNode(node);
  };
  // The path itself, whether or not the kernel knows a node of it: its name may be a negative one.
  forget(invalidation.path, table_.NodesAt(invalidation.path));
  if (!invalidation.path.IsRoot()) {
    for (const uint64_t parent : table_.NodesAt(invalidation.path.Parent())) {
      kernel.InvalidateNode(parent);
    }
  }
  if (!invalidation.recursive) return;
  for (const auto& [node, path] : table_.NodesWithin(invalidation.path)) {
    if (path != invalidation.path) forget(path, {node});
  }
}

void LibfuseSession::Shutdown() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(shut_down_, true)) return;
  }
  // While requests are still taken: what tells the kernel may wait for one of them.
  watch_.Stop();
  ticks_.reset();
  notifier_.Stop();
  storing_.Stop();
  if (session_ == nullptr) return;
  if (loop_.joinable()) EndLoop();
  rescues_.reset();
  in_flight_.WaitUntilNone();
  if (mounted_) fuse_session_unmount(session_);
  fuse_session_destroy(session_);
}

}  // namespace

int FuseWakeSignal() { return SIGUSR2; }

absl::StatusOr<std::unique_ptr<FuseSession>> MountFuse(FuseSessionParts parts,
                                                       FuseSessionOptions options,
                                                       const std::string& mount_point) {
  if (absl::Status status = CheckMountPoint(mount_point); !status.ok()) return status;
  if (absl::Status status = CheckFuseDevice(); !status.ok()) return status;
  if (geteuid() != 0) {
    const char* const search_path = std::getenv("PATH");
    if (absl::Status status = CheckFusermount(search_path != nullptr ? search_path : "");
        !status.ok()) {
      return status;
    }
  }
  auto session = std::make_unique<LibfuseSession>(std::move(parts), std::move(options));
  if (absl::Status status = session->Mount(mount_point); !status.ok()) return status;
  return session;
}

absl::StatusOr<std::unique_ptr<FuseSession>> ServeFuse(FuseSessionParts parts,
                                                       FuseSessionOptions options, int descriptor) {
  auto session = std::make_unique<LibfuseSession>(std::move(parts), std::move(options));
  if (absl::Status status = session->Serve(descriptor); !status.ok()) return status;
  return session;
}

}  // namespace coppice
