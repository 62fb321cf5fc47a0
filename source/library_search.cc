#include "source/library_search.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace coppice {
namespace {

// `relative` (with "." and "..") as seen from a directory, by the text alone. Nothing when it leads
// above the export root, or is absolute.
std::optional<Path> Follow(Path from, absl::string_view relative) {
  if (absl::StartsWith(relative, "/")) return std::nullopt;
  for (const absl::string_view part : absl::StrSplit(relative, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (from.IsRoot()) return std::nullopt;
      from = from.Parent();
      continue;
    }
    absl::StatusOr<Path> child = from.Child(part);
    if (!child.ok()) return std::nullopt;
    from = *std::move(child);
  }
  return from;
}

void AddOnce(std::vector<Path>& directories, Path directory) {
  if (std::find(directories.begin(), directories.end(), directory) == directories.end()) {
    directories.push_back(std::move(directory));
  }
}

}  // namespace

// One name, on its way.
struct LibrarySearch::Quest {
  std::string name;
  std::vector<Path> directories;  // the next one to search is directories[next]
  size_t next = 0;
  Path path;  // the name in the directory that is searched, or what a link there leads to
  size_t links = 0;
  RequestContext context;
  Speculation* speculation;
  Found found;
};

void LibrarySearch::Saw(const Path& directory) {
  MutexLock lock(mutex_);
  if (!seen_.empty() && seen_.back() == directory) return;
  std::erase(seen_, directory);
  if (seen_.size() == kLibraryDirectoriesMax) seen_.erase(seen_.begin());
  seen_.push_back(directory);
}

bool LibrarySearch::HasLibraries(const Path& directory) const {
  MutexLock lock(mutex_);
  return std::find(seen_.begin(), seen_.end(), directory) != seen_.end();
}

std::vector<Path> LibrarySearch::DirectoriesFor(const Path& directory,
                                                absl::string_view search_path) const {
  std::vector<Path> directories = {directory};
  size_t parts = 0;
  for (absl::string_view part : absl::StrSplit(search_path, ':', absl::SkipEmpty())) {
    if (++parts > kSearchPathMax) break;
    if (!absl::ConsumePrefix(&part, "$ORIGIN") && !absl::ConsumePrefix(&part, "${ORIGIN}"))
      continue;
    absl::ConsumePrefix(&part, "/");
    if (std::optional<Path> path = Follow(directory, part)) AddOnce(directories, *std::move(path));
  }
  MutexLock lock(mutex_);
  for (auto seen = seen_.rbegin(); seen != seen_.rend(); ++seen) AddOnce(directories, *seen);
  return directories;
}

void LibrarySearch::Find(const std::string& name, std::vector<Path> directories,
                         const RequestContext& context, Speculation& speculation, Found found) {
  auto quest = std::make_shared<Quest>();
  quest->name = name;
  quest->directories = std::move(directories);
  quest->context = context;
  quest->speculation = &speculation;
  quest->found = std::move(found);
  SearchNextDirectory(std::move(quest));
}

void LibrarySearch::SearchNextDirectory(std::shared_ptr<Quest> quest) {
  if (quest->next == quest->directories.size()) return;
  absl::StatusOr<Path> path = quest->directories[quest->next++].Child(quest->name);
  if (!path.ok()) return;  // no name of a file: it is one in no directory
  quest->path = *std::move(path);
  quest->links = 0;
  AskInDirectory(std::move(quest));
}

void LibrarySearch::AskInDirectory(std::shared_ptr<Quest> quest) {
  const Path directory = quest->path.Parent();
  const RequestContext context = quest->context;
  quest->speculation->ReadCachedDirectory(
      directory, context, [this, quest, directory](const absl::StatusOr<ListingRef>& listing) {
        if (listing.ok() && (*listing)->IsComplete()) {
          const Dentry* const entry = (*listing)->Find(quest->path.Name());
          if (entry == nullptr) return SearchNextDirectory(quest);
          if (entry->attributes.has_value()) Judge(quest, *entry->attributes);
          return;
        }
        if (!HasLibraries(directory)) return SearchNextDirectory(quest);
        quest->speculation->GetAttributes(quest->path, quest->context,
                                          [this, quest](const absl::StatusOr<PathState>& state) {
                                            if (!state.ok()) return;
                                            if (!state->attributes.has_value()) {
                                              return SearchNextDirectory(quest);
                                            }
                                            Judge(quest, *state->attributes);
                                          });
      });
}

void LibrarySearch::Judge(std::shared_ptr<Quest> quest, const Attributes& attributes) {
  if (S_ISREG(attributes.mode)) {
    std::move(quest->found)(quest->path, attributes.version);
    return;
  }
  if (!S_ISLNK(attributes.mode) || ++quest->links > kLibraryLinksMax) return;
  std::optional<Path> target = Follow(quest->path.Parent(), attributes.link_target);
  if (!target.has_value() || target->IsRoot()) return;
  quest->path = *std::move(target);
  AskInDirectory(std::move(quest));
}

}  // namespace coppice
