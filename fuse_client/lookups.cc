// LOOKUP, FORGET, GETATTR and READLINK.
#include <cerrno>
#include <utility>

#include "fuse_client/file_system.h"

namespace coppice {

void FileSystem::Lookup(fuse_req* request, uint64_t parent, const char* name) {
  const std::shared_ptr<PendingReply> reply = StartReply(request);
  const std::optional<InodeEntry> directory = parts_.table.Find(parent);
  if (!directory.has_value()) return reply->Fail(ESTALE);
  absl::StatusOr<Path> path = directory->path.Child(name);
  if (!path.ok()) return reply->Fail(path.status());
  parts_.watch.Touch(parent);
  parts_.source.GetAttributes(
      *path, NewContext(),
      [this, reply, parent, path = *path, epoch = epoch()](absl::StatusOr<PathState> state) {
        AnswerLookup(*reply, parent, path, epoch, state);
      });
}

void FileSystem::AnswerLookup(PendingReply& reply, uint64_t parent, const Path& path,
                              uint64_t epoch, const absl::StatusOr<PathState>& state) {
  if (!state.ok()) return reply.Fail(state.status());
  if (!state->attributes.has_value()) {
    const double timeout = MissingTimeout(parent, path, *state);
    const fuse_entry_param missing = EncodeMissing(epoch == epoch_ ? timeout : 0);
    reply.Answer([&](fuse_req* request) { return fuse_reply_entry(request, &missing); });
    return;
  }
  const absl::StatusOr<struct stat> stat = EncodeAttributes(*state->attributes, parts_.numbers);
  if (!stat.ok()) return reply.Fail(stat.status());
  const uint64_t node = parts_.table.AddLookup(path, *state->attributes);
  if (S_ISDIR(stat->st_mode)) parts_.watch.Observe(node, state->attributes->version);
  const fuse_entry_param entry = EncodeEntry(node, *stat, TimeoutsSince(epoch));
  // The kernel counts a lookup only for an answer that it takes.
  if (!reply.Answer([&](fuse_req* request) { return fuse_reply_entry(request, &entry); })) {
    Forget(node, 1);
  }
}

double FileSystem::MissingTimeout(uint64_t parent, const Path& path, const PathState& state) {
  if (parts_.watch.WatchName(parent, path.Parent(), state.directory_version, path.Name())) {
    return kForeverSeconds;
  }
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
  const std::optional<InodeEntry> entry = parts_.table.Find(node);
  if (!entry.has_value()) return reply->Fail(ESTALE);
  parts_.source.GetAttributes(
      entry->path, NewContext(),
      [this, reply, entry = *entry, use = std::move(use)](absl::StatusOr<PathState> state) mutable {
        if (!state.ok()) return reply->Fail(state.status());
        if (!state->attributes.has_value() || !entry.Matches(*state->attributes)) {
          // The kernel asks for the path again after ESTALE, and then finds the new node.
          ExpireName(entry.path);
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
