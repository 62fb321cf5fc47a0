#include "fuse_client/symlink_rewriting_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "source/forwarding_source.h"

namespace coppice {
namespace {

using Components = std::vector<std::string>;

// The components of an absolute path, without what means nothing ("//", "/./").
Components Split(absl::string_view path) {
  return absl::StrSplit(path, '/',
                        [](absl::string_view part) { return !part.empty() && part != "."; });
}

bool StartsWith(const Components& path, const Components& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

// Whether the components from `start` on ever lead above where they began.
bool Climbs(const Components& path, size_t start) {
  int64_t depth = 0;
  for (size_t i = start; i < path.size(); ++i) {
    depth += path[i] == ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

class SymlinkRewritingSource final : public ForwardingSource<> {
 public:
  SymlinkRewritingSource(Source& base, SymlinkRewriting rewriting)
      : ForwardingSource(base),
        export_root_(Split(rewriting.export_root)),
        mount_point_(Split(rewriting.mount_point)),
        mount_point_text_(absl::StrCat("/", absl::StrJoin(mount_point_, "/"))) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    base_.GetAttributes(path, context,
                        [this, done = std::move(done)](absl::StatusOr<PathState> state) mutable {
                          if (state.ok() && state->attributes.has_value())
                            Apply(*state->attributes);
                          std::move(done)(std::move(state));
                        });
  }

  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    base_.ReadDirectory(path, page, context,
                        [this, done = std::move(done)](absl::StatusOr<ListingRef> listing) mutable {
                          if (listing.ok()) *listing = Apply(*std::move(listing));
                          std::move(done)(std::move(listing));
                        });
  }

  std::optional<PathState> FindAttributes(const Path& directory, absl::string_view name,
                                          absl::Duration age_max) override {
    std::optional<PathState> state = base_.FindAttributes(directory, name, age_max);
    if (state.has_value() && state->attributes.has_value()) Apply(*state->attributes);
    return state;
  }

  ListingRef FindListing(const Path& directory) override {
    ListingRef listing = base_.FindListing(directory);
    return listing != nullptr ? Apply(std::move(listing)) : nullptr;
  }

 private:
  // The target to show instead, if another.
  std::optional<std::string> Rewritten(const Attributes& attributes) const {
    if (!S_ISLNK(attributes.mode) || !absl::StartsWith(attributes.link_target, "/")) {
      return std::nullopt;
    }
    const Components target = Split(attributes.link_target);
    if (StartsWith(target, mount_point_) || !StartsWith(target, export_root_) ||
        Climbs(target, export_root_.size())) {
      return std::nullopt;
    }
    std::string rewritten = mount_point_text_;
    for (size_t i = export_root_.size(); i < target.size(); ++i) {
      absl::StrAppend(&rewritten, "/", target[i]);
    }
    // A final slash says that the target must be a directory.
    if (attributes.link_target.back() == '/') rewritten.push_back('/');
    if (rewritten.size() > Path::kPathBytesMax) return std::nullopt;
    return rewritten;
  }

  void Apply(Attributes& attributes) const {
    std::optional<std::string> target = Rewritten(attributes);
    if (!target.has_value()) return;
    attributes.size = target->size();
    attributes.link_target = *std::move(target);
  }

  // The listing itself when nothing in it changes: most have no such link, and it is shared.
  ListingRef Apply(ListingRef listing) const {
    std::shared_ptr<Listing> copy;
    for (size_t i = 0; i < listing->entries.size(); ++i) {
      const std::optional<Attributes>& attributes = listing->entries[i].attributes;
      if (!attributes.has_value() || !Rewritten(*attributes).has_value()) continue;
      if (copy == nullptr) copy = std::make_shared<Listing>(*listing);
      Apply(*copy->entries[i].attributes);
    }
    return copy != nullptr ? copy : listing;
  }

  const Components export_root_;
  const Components mount_point_;
  const std::string mount_point_text_;
};

}  // namespace

std::unique_ptr<Source> MakeSymlinkRewritingSource(Source& base, SymlinkRewriting rewriting) {
  return std::make_unique<SymlinkRewritingSource>(base, std::move(rewriting));
}

}  // namespace coppice
