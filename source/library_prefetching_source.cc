#include "source/library_prefetching_source.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "source/forwarding_source.h"
#include "source/library_search.h"
#include "source/read_pattern.h"
#include "source/remembered_keys.h"
#include "source/shared_object.h"
#include "source/speculation.h"

namespace coppice {
namespace {

constexpr size_t kShardObjectsMin = 512;

// An object on its way, and what is known of it so far.
struct Examination {
  Path path;
  Version version;
  RequestContext context;
  SharedObject object;
  DynamicSection dynamic;
  std::vector<Path> directories;  // where to look for what it needs
};

class LibraryPrefetching final : public ForwardingSource<LibraryPrefetchingSource> {
 public:
  explicit LibraryPrefetching(Source& base)
      : ForwardingSource(base),
        examined_(kObjectsRememberedMax, kShardObjectsMin),
        searched_(kObjectsRememberedMax, kShardObjectsMin),
        speculation_(base) {}

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    if (context.speculative || context.hops > 1 || key.index != 0 || key.path.IsRoot()) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    speculation_.ReadBlockThen(key, context, std::move(done),
                               [this, key, context](const BlockRef& head) {
                                 if (head != nullptr) Examine(key, context, *head);
                               });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "library_prefetching",
            .counters = {{"examined", examinations_},
                         {"needed", needed_},
                         {"found", found_},
                         {"prefetched_blocks", speculation_.blocks().blocks},
                         {"prefetched_bytes", speculation_.blocks().bytes}}};
  }

 private:
  using ExaminationRef = std::shared_ptr<Examination>;
  using Bytes = absl::AnyInvocable<void(std::string) &&>;

  // REQUIRES: `head` is the first block of the file.
  void Examine(const BlockKey& key, const RequestContext& context, const Block& head) {
    std::optional<SharedObject> object = SharedObject::Parse(head.bytes(), key.version.size);
    if (!object.has_value() || !examined_.IsNew(key)) return;
    examinations_.fetch_add(1, std::memory_order_relaxed);
    auto examination = std::make_shared<Examination>();
    examination->path = key.path;
    examination->version = key.version;
    examination->context = context;
    examination->object = *std::move(object);
    ReadRange(*examination, examination->object.dynamic_section(),
              [this, examination](std::string bytes) { ExamineDynamic(examination, bytes); });
  }

  void ExamineDynamic(const ExaminationRef& examination, const std::string& bytes) {
    std::optional<DynamicSection> dynamic = examination->object.ParseDynamic(bytes);
    if (!dynamic.has_value()) return;
    examination->dynamic = *std::move(dynamic);
    if (examination->dynamic.has_soname) search_.Saw(examination->path.Parent());
    if (!examination->dynamic.search_path.has_value()) {
      FollowNames(examination, "");
      return;
    }
    ReadString(*examination, *examination->dynamic.search_path,
               [this, examination](std::string path) { FollowNames(examination, path); });
  }

  // What the loader opens next is on the way before what it reads later.
  void FollowNames(const ExaminationRef& examination, const std::string& search_path) {
    examination->directories = search_.DirectoriesFor(examination->path.Parent(), search_path);
    for (const uint64_t name : examination->dynamic.needed) {
      ReadString(*examination, name, [this, examination](std::string name) {
        FollowName(*examination, std::move(name));
      });
    }
    FetchTables(*examination);
  }

  void FollowName(const Examination& examination, std::string name) {
    const absl::StatusOr<Path> sibling = examination.path.Parent().Child(name);
    if (!sibling.ok() || !searched_.IsNew(*sibling)) return;
    needed_.fetch_add(1, std::memory_order_relaxed);
    search_.Find(name, examination.directories, examination.context, speculation_,
                 [this, context = examination.context](const Path& path, const Version& version) {
                   found_.fetch_add(1, std::memory_order_relaxed);
                   const BlockKey head{path, version, 0};
                   if (head.LengthBytes() == 0) return;
                   speculation_.ReadBlock(
                       head, context, [this, head, context](const absl::StatusOr<BlockRef>& block) {
                         if (block.ok()) Examine(head, context, **block);
                       });
                 });
  }

  // The blocks that the loader reads of the object itself, when it has opened all of them. Of a
  // small one all, as PrefetchingSource does when the first of them is asked for: whether it is,
  // and not found in memory, is a matter of luck, and what reaches the backing file system must not
  // be.
  void FetchTables(const Examination& examination) {
    std::set<uint64_t> blocks;
    const auto add = [&blocks](const ByteRange& range, uint64_t blocks_max) {
      const uint64_t first = range.offset / kBlockBytes;
      const uint64_t end = BlockCount(range.offset + range.length);
      for (uint64_t i = first; i < std::min(end, first + blocks_max); ++i) blocks.insert(i);
    };
    const uint64_t file_bytes = examination.version.size;
    if (BlockCount(file_bytes) <= kWholeFileBlocks) add({0, file_bytes}, kWholeFileBlocks);
    add({0, examination.dynamic.tables_end}, kTableBlocksMax);
    for (const ByteRange& data : examination.object.Writable()) add(data, kDataBlocksMax);
    blocks.erase(0);
    RequestContext context = examination.context;
    context.deferred = true;
    for (const uint64_t index : blocks) {
      speculation_.ReadBlock({examination.path, examination.version, index}, context);
    }
  }

  // A string of the string table, if it ends within kLibraryNameBytesMax.
  void ReadString(const Examination& examination, uint64_t at, Bytes use) {
    const ByteRange& strings = examination.dynamic.strings;
    if (at >= strings.length) return;
    ReadRange(examination,
              {strings.offset + at, std::min(kLibraryNameBytesMax, strings.length - at)},
              [use = std::move(use)](std::string bytes) mutable {
                const size_t end = bytes.find('\0');
                if (end == std::string::npos || end == 0) return;
                bytes.resize(end);
                std::move(use)(std::move(bytes));
              });
  }

  // REQUIRES: `range` lies within the file.
  void ReadRange(const Examination& examination, const ByteRange& range, Bytes use) {
    Append(examination.path, examination.version, examination.context, range, "", std::move(use));
  }

  // Block after block.
  void Append(const Path& path, const Version& version, const RequestContext& context,
              const ByteRange& range, std::string bytes, Bytes use) {
    const BlockKey key{path, version, range.offset / kBlockBytes};
    speculation_.ReadBlock(
        key, context,
        [this, key, context, range, bytes = std::move(bytes),
         use = std::move(use)](const absl::StatusOr<BlockRef>& block) mutable {
          if (!block.ok()) return;
          const uint64_t start = range.offset % kBlockBytes;
          if (start >= (*block)->size()) return;
          const uint64_t here = std::min<uint64_t>(range.length, (*block)->size() - start);
          bytes.append((*block)->bytes().data() + start, here);
          if (here == range.length) return std::move(use)(std::move(bytes));
          Append(key.path, key.version, context, {range.offset + here, range.length - here},
                 std::move(bytes), std::move(use));
        });
  }

  RememberedKeys<BlockKey> examined_;  // first blocks
  RememberedKeys<Path> searched_;      // names, as if they were in the directory of who needs them
  std::atomic<uint64_t> examinations_ = 0;
  std::atomic<uint64_t> needed_ = 0;
  std::atomic<uint64_t> found_ = 0;
  LibrarySearch search_;
  Speculation speculation_;  // the last: it ends before what its answers need
};

}  // namespace

std::unique_ptr<LibraryPrefetchingSource> MakeLibraryPrefetchingSource(Source& base) {
  return std::make_unique<LibraryPrefetching>(base);
}

}  // namespace coppice
