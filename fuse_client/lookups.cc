// LOOKUP, FORGET, GETATTR and READLINK.
#include <cerrno>
#include <optional>
#include <utility>

#include "common/status.h"
#include "fuse_client/file_system.h"

namespace coppice {

void FileSystem::Lookup(fuse_req* request, uint64_t parent, const char* name) {
  const InodeEntryRef directory = parts_.table.Find(parent);
  absl::StatusOr<Path> path =
      directory != nullptr ? directory->path.Child(name) : ErrnoStatus(ESTALE, "no such node");
  if (!path.ok()) {
    fuse_reply_err(request, StatusErrno(path.status()));
    return;
  }
  // Before the source is asked: what an order to forget overtakes is not kept.
  const uint64_t epoch = epoch_;
  const auto known = parts_.source.FindAttributes(directory->path, name, options_.metadata_ttl);
  if (!known.has_value()) return AskForName(request, parent, *std::move(path), epoch);
  // A missing name uses its directory by being watched.
  if (known->attributes.has_value()) parts_.watch.Touch(parent);
  // On this thread and at once: nothing can come between that would be to wait for.
  const auto entry = EntryOf(parent, *std::move(path), epoch, *known);
  if (!entry.ok()) {
    fuse_reply_err(request, StatusErrno(entry.status()));
  } else if (fuse_reply_entry(request, &*entry) != 0) {
    TakeBack(*entry);
  }
}

void FileSystem::AskForName(fuse_req* request, uint64_t parent, Path path, uint64_t epoch) {
  const std::shared_ptr<PendingReply> reply = StartReply(request);
  parts_.watch.Touch(parent);
  parts_.source.GetAttributes(
      path, NewContext(),
      [this, reply, parent, path, epoch](const absl::StatusOr<PathState>& state) mutable {
        if (!state.ok()) return reply->Fail(state.status());
        const auto entry = EntryOf(parent, std::move(path), epoch, *state);
        if (!entry.ok()) return reply->Fail(entry.status());
        if (!reply->Answer([&](fuse_req* fuse) { return fuse_reply_entry(fuse, &*entry); })) {
          TakeBack(*entry);
        }
      });
}

absl::StatusOr<fuse_entry_param> FileSystem::EntryOf(uint64_t parent, Path path, uint64_t epoch,
                                                     const PathState& state) {
  if (!state.attributes.has_value()) {
    const double timeout = MissingTimeout(parent, path, state);
    return EncodeMissing(epoch == epoch_ ? timeout : 0);
  }
  const absl::StatusOr<struct stat> stat = EncodeAttributes(*state.attributes, parts_.numbers);
  if (!stat.ok()) return stat.status();
  const uint64_t node = parts_.table.AddLookup(std::move(path), *state.attributes);
  if (S_ISDIR(stat->st_mode)) parts_.watch.Observe(node, state.attributes->version);
  return EncodeEntry(node, *stat, TimeoutsSince(epoch));
}

void FileSystem::TakeBack(const fuse_entry_param& entry) {
  // The kernel counts a lookup only for an answer that it takes.
  if (entry.ino != 0) Forget(entry.ino, 1);
}

double FileSystem::MissingTimeout(uint64_t parent, const Path& path, const PathState& state) {
  if (parts_.watch.WatchName(parent, path, state.directory_version)) return kForeverSeconds;
  parts_.watch.Touch(parent);
  const bool remembered = parts_.transient_names.Add(parts_.clock.Now(), parent, path.Parent(),
                                                     std::string(path.Name()));
  return remembered ? TimeoutSeconds(options_.negative_ttl) : 0;
}

void FileSystem::Forget(uint64_t node, uint64_t lookups) {
  if (parts_.table.Forget(node, lookups)) parts_.watch.Drop(node);
}

void FileSystem::WithAttributes(fuse_req* request, uint64_t node,
                                absl::AnyInvocable<void(PendingReply&, const Attributes&) &&> use) {
  const std::shared_ptr<PendingReply> reply = StartReply(request);
  const InodeEntryRef entry = parts_.table.Find(node);
  if (entry == nullptr) return reply->Fail(ESTALE);
  parts_.source.GetAttributes(
      entry->path, NewContext(),
      [this, reply, entry, use = std::move(use)](absl::StatusOr<PathState> state) mutable {
        if (!state.ok()) return reply->Fail(state.status());
        if (!state->attributes.has_value() || !entry->Matches(*state->attributes)) {
          // The kernel asks for the path again after ESTALE, and then finds the new node.
          ExpireName(entry->path);
          return reply->Fail(ESTALE);
        }
        std::move(use)(*reply, *state->attributes);
      });
}

void FileSystem::GetAttributes(fuse_req* request, uint64_t node) {
  WithAttributes(
      request, node,
      [this, node, epoch = epoch()](PendingReply& reply, const Attributes& attributes) {
        if (node == kRootNode) parts_.table.SetRoot(attributes);
        const absl::StatusOr<struct stat> stat = EncodeAttributes(attributes, parts_.numbers);
        if (!stat.ok()) return reply.Fail(stat.status());
        if (S_ISDIR(stat->st_mode)) parts_.watch.Observe(node, attributes.version);
        const double timeout = TimeoutsSince(epoch).attributes_seconds;
        reply.Answer([&](fuse_req* fuse) { return fuse_reply_attr(fuse, &*stat, timeout); });
      });
}

void FileSystem::ReadLink(fuse_req* request, uint64_t node) {
  WithAttributes(request, node, [](PendingReply& reply, const Attributes& attributes) {
    if (!S_ISLNK(attributes.mode)) return reply.Fail(EINVAL);
    reply.Answer(
        [&](fuse_req* fuse) { return fuse_reply_readlink(fuse, attributes.link_target.c_str()); });
  });
}

}  // namespace coppice
