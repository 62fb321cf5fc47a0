#include "source/python_prefetching_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/mutex.h"
#include "source/forwarding_source.h"
#include "source/lookup_counts.h"
#include "source/python_imports.h"
#include "source/remembered_keys.h"
#include "source/speculation.h"

namespace coppice {
namespace {

constexpr size_t kShardModulesMin = 512;
constexpr absl::string_view kCacheDirectory = "__pycache__";
constexpr absl::string_view kPackageModule = "__init__";
constexpr absl::string_view kSourceSuffix = ".py";
constexpr absl::string_view kCompiledSuffix = ".pyc";

// A module that imports others.
struct Importer {
  Path package;      // the directory of its source
  std::string kind;  // what follows the module's name in __pycache__: ".cpython-311.pyc"
  RequestContext context;
  // Modules that were asked for, on account of the same read of the reader.
  std::shared_ptr<std::atomic<size_t>> modules_ahead;
};
using ImporterRef = std::shared_ptr<const Importer>;

// One import, to be followed.
struct Errand {
  ImporterRef importer;
  PythonImport import;

  size_t Names() const { return 1 + import.from.size(); }
};

// An import on its way down from a directory.
struct Quest {
  ImporterRef importer;
  std::vector<std::string> parts;  // of the dotted name
  size_t next = 0;                 // parts before it are packages that were found
  std::vector<std::string> from;
};

bool IsDirectory(const Dentry* entry) {
  return entry != nullptr && entry->attributes.has_value() && S_ISDIR(entry->attributes->mode);
}

bool IsFile(const Dentry* entry) {
  return entry != nullptr && entry->attributes.has_value() && S_ISREG(entry->attributes->mode);
}

bool IsPackage(const Listing& listing) {
  return IsFile(listing.Find(absl::StrCat(kPackageModule, kSourceSuffix)));
}

// As promoting does (lookup_counts.h): 0 is an automount's, which may hide anything.
bool IsSmallDirectory(const Dentry& entry) {
  return entry.attributes->size > 0 && entry.attributes->size <= kSmallDirectoryBytes;
}

class PythonPrefetching final : public ForwardingSource<PythonPrefetchingSource> {
 public:
  explicit PythonPrefetching(Source& base)
      : ForwardingSource(base),
        examined_(kModulesRememberedMax, kShardModulesMin),
        searched_(kModulesRememberedMax, kShardModulesMin),
        speculation_(base),
        thread_([this] { Work(); }) {}
  ~PythonPrefetching() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

  void WaitUntilIdle() override {
    MutexLock lock(mutex_);
    while (working_ || !errands_.empty()) changed_.Wait(mutex_);
  }

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    if (context.speculative || context.hops > 1 || !IsModule(key) || examined_.Has(key)) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    speculation_.ReadBlockThen(
        key, context, std::move(done), [this, key, context](const BlockRef& module) {
          if (module == nullptr) return;
          Examine(key, context, std::make_shared<std::atomic<size_t>>(0), *module);
        });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "python_prefetching",
            .counters = {{"examined", examinations_},
                         {"imports", imports_},
                         {"prefetched_listings", listings_},
                         {"prefetched_blocks", speculation_.blocks().blocks},
                         {"prefetched_bytes", speculation_.blocks().bytes}}};
  }

 private:
  using UseListing = absl::AnyInvocable<void(const ListingRef&) &&>;

  // Every read of the reader comes by here: what costs a copy of the path comes last.
  static bool IsModule(const BlockKey& key) {
    if (key.index != 0 || key.version.size > kModuleBytesMax || key.path.IsRoot() ||
        !absl::EndsWith(key.path.Name(), kCompiledSuffix)) {
      return false;
    }
    const Path directory = key.path.Parent();
    return !directory.IsRoot() && directory.Name() == kCacheDirectory;
  }

  void Examine(const BlockKey& key, const RequestContext& context,
               std::shared_ptr<std::atomic<size_t>> modules_ahead, const Block& module) {
    if (!examined_.IsNew(key)) return;
    auto imports = ParsePythonImports(module.bytes());
    if (!imports.has_value()) return;
    examinations_.fetch_add(1, std::memory_order_relaxed);
    imports_.fetch_add(imports->size(), std::memory_order_relaxed);
    const absl::string_view name = key.path.Name();
    const auto importer = std::make_shared<const Importer>(
        Importer{.package = key.path.Parent().Parent(),
                 .kind = std::string(name.substr(std::min(name.find('.'), name.size()))),
                 .context = context,
                 .modules_ahead = std::move(modules_ahead)});
    MutexLock lock(mutex_);
    for (PythonImport& import : *imports) {
      Errand errand{importer, std::move(import)};
      if (errand_names_ + errand.Names() > kErrandsMax) break;
      errand_names_ += errand.Names();
      errands_.push_back(std::move(errand));
    }
    changed_.NotifyAll();
  }

  void Work() {
    while (const std::optional<Errand> errand = NextErrand()) {
      if (errand->import.level > 0) {
        FollowRelative(errand->importer, errand->import);
      } else {
        FollowAbsolute(errand->importer, errand->importer->package, errand->import,
                       kPackageLevelsMax);
      }
    }
  }

  // Waits for one. Nothing: the end.
  std::optional<Errand> NextErrand() {
    MutexLock lock(mutex_);
    working_ = false;
    if (errands_.empty()) changed_.NotifyAll();
    while (errands_.empty() && !stopping_) changed_.Wait(mutex_);
    if (stopping_) return std::nullopt;
    working_ = true;
    Errand next = std::move(errands_.front());
    errands_.pop_front();
    errand_names_ -= next.Names();
    return next;
  }

  void FollowRelative(const ImporterRef& importer, const PythonImport& import) {
    Path package = importer->package;
    for (int level = 1; level < import.level; ++level) {
      if (package.IsRoot()) return;
      package = package.Parent();
    }
    if (!import.name.empty()) return Search(importer, package, import);
    for (const std::string& name : import.from) {
      Search(importer, package, {.level = import.level, .name = name, .from = {}});
    }
  }

  // From the first directory, from here upwards, that is no package.
  void FollowAbsolute(const ImporterRef& importer, const Path& directory,
                      const PythonImport& import, size_t levels) {
    if (levels == 0) return;
    WithCachedListing(directory, *importer,
                      [this, importer, directory, import, levels](const ListingRef& listing) {
                        if (listing == nullptr)
                          return;  // nobody has looked there: where it ends is not known
                        if (IsPackage(*listing) && !directory.IsRoot()) {
                          return FollowAbsolute(importer, directory.Parent(), import, levels - 1);
                        }
                        for (const Path& root : RootsAfter(directory))
                          Search(importer, root, import);
                      });
  }

  // This root and the others that are known; from now on it is one.
  std::vector<Path> RootsAfter(const Path& root) {
    MutexLock lock(mutex_);
    if (roots_.empty() || roots_.front() != root) {
      std::erase(roots_, root);
      if (roots_.size() == kModuleRootsMax) roots_.pop_back();
      roots_.insert(roots_.begin(), root);
    }
    return roots_;
  }

  // What the import names, below this directory, if that was listed. Each name is searched for
  // once.
  void Search(const ImporterRef& importer, const Path& directory, const PythonImport& import) {
    WithCachedListing(
        directory, *importer, [this, importer, directory, import](const ListingRef& listing) {
          if (listing == nullptr) return;
          const std::string place = absl::StrCat(directory.text(), "/", import.name, ":");
          Quest quest = {
              .importer = importer, .parts = absl::StrSplit(import.name, '.'), .from = {}};
          for (const std::string& name : import.from) {
            if (searched_.IsNew(absl::StrCat(place, name))) quest.from.push_back(name);
          }
          if (quest.from.empty() && !searched_.IsNew(place)) return;
          Descend(std::move(quest), directory, *listing);
        });
  }

  // REQUIRES: a part of the name is left.
  void Descend(Quest quest, const Path& directory, const Listing& listing) {
    const std::string& name = quest.parts[quest.next];
    const absl::StatusOr<Path> path = directory.Child(name);
    if (!path.ok()) return;
    const Dentry* const entry = listing.Find(name);
    if (!IsDirectory(entry)) {
      if (IsFile(listing.Find(absl::StrCat(name, kSourceSuffix)))) {
        FetchModule(quest.importer, directory, listing, name);
      }
      return;
    }
    if (!IsSmallDirectory(*entry)) return;
    ++quest.next;
    WithListing(*path, *quest.importer, [this, path = *path, quest](const ListingRef& package) {
      if (package != nullptr) Enter(quest, path, *package);
    });
  }

  // The package that was found.
  void Enter(const Quest& quest, const Path& package, const Listing& listing) {
    FetchModule(quest.importer, package, listing, kPackageModule);
    if (quest.next < quest.parts.size()) return Descend(quest, package, listing);
    for (const std::string& name : quest.from) {
      Descend({.importer = quest.importer, .parts = {name}, .from = {}}, package, listing);
    }
  }

  // The compiled module of that name in this directory, and what it imports.
  void FetchModule(const ImporterRef& importer, const Path& directory, const Listing& listing,
                   absl::string_view name) {
    const Dentry* const cache = listing.Find(kCacheDirectory);
    if (!IsDirectory(cache) || !IsSmallDirectory(*cache)) return;
    const absl::StatusOr<Path> path = directory.Child(kCacheDirectory);
    if (!path.ok() || !searched_.IsNew(absl::StrCat(path->text(), "/", name))) return;
    WithListing(*path, *importer,
                [this, path = *path, importer,
                 file = absl::StrCat(name, importer->kind)](const ListingRef& compiled) {
                  if (compiled != nullptr) FetchFile(importer, path, *compiled, file);
                });
  }

  void FetchFile(const ImporterRef& importer, const Path& directory, const Listing& listing,
                 const std::string& name) {
    const Dentry* const entry = listing.Find(name);
    const absl::StatusOr<Path> path = directory.Child(name);
    if (!IsFile(entry) || !path.ok()) return;
    const BlockKey key{*path, entry->attributes->version, 0};
    if (!IsModule(key) || key.LengthBytes() == 0 || examined_.Has(key)) return;
    if (importer->modules_ahead->fetch_add(1, std::memory_order_relaxed) >= kModulesAheadMax)
      return;
    speculation_.ReadBlock(key, importer->context,
                           [this, key, importer](const absl::StatusOr<BlockRef>& block) {
                             if (!block.ok()) return;
                             Examine(key, importer->context, importer->modules_ahead, **block);
                           });
  }

  // `use` gets the listing, or nullptr.
  void WithListing(const Path& directory, const Importer& importer, UseListing use) {
    if (const ListingRef listing = base_.FindListing(directory); listing != nullptr) {
      return std::move(use)(listing);
    }
    listings_.fetch_add(1, std::memory_order_relaxed);
    speculation_.ReadDirectory(directory, importer.context, AsDone(std::move(use)));
  }
  void WithCachedListing(const Path& directory, const Importer& importer, UseListing use) {
    if (const ListingRef listing = base_.FindListing(directory); listing != nullptr) {
      return std::move(use)(listing);
    }
    speculation_.ReadCachedDirectory(directory, importer.context, AsDone(std::move(use)));
  }
  static Done<ListingRef> AsDone(UseListing use) {
    return [use = std::move(use)](const absl::StatusOr<ListingRef>& listing) mutable {
      std::move(use)(listing.ok() && (*listing)->IsComplete() ? *listing : nullptr);
    };
  }

  RememberedKeys<BlockKey> examined_;     // modules
  RememberedKeys<std::string> searched_;  // names, with where they were looked for
  std::atomic<uint64_t> examinations_ = 0;
  std::atomic<uint64_t> imports_ = 0;
  std::atomic<uint64_t> listings_ = 0;
  Mutex mutex_;
  std::vector<Path> roots_ ABSL_GUARDED_BY(mutex_);  // the one used last is the first
  std::deque<Errand> errands_ ABSL_GUARDED_BY(mutex_);
  size_t errand_names_ ABSL_GUARDED_BY(mutex_) = 0;  // of all of them
  CondVar changed_;
  bool working_ ABSL_GUARDED_BY(mutex_) = false;  // on one that was taken from them
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Speculation speculation_;  // it ends before what its answers need
  std::thread thread_;       // the last: it uses all of this
};

}  // namespace

std::unique_ptr<PythonPrefetchingSource> MakePythonPrefetchingSource(Source& base) {
  return std::make_unique<PythonPrefetching>(base);
}

}  // namespace coppice
