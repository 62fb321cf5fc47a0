// READDIR and READDIRPLUS.
//
// Without state between two requests: an offset is the cookie of the last name given (listing.h),
// and each request asks the source again, whose layers remember the listing. Offsets below
// kCookieMin are ours: 0 is the start, 1 after ".", 2 after "..".
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

#include "fuse_client/file_system.h"

namespace coppice {
namespace {

constexpr uint64_t kAfterDot = 1;
constexpr uint64_t kAfterDotDot = 2;
static_assert(kAfterDotDot < kCookieMin);

// One request: fills one buffer of the kernel, from as many pages of the directory as it takes.
class DirectoryReading : public std::enable_shared_from_this<DirectoryReading> {
 public:
  DirectoryReading(FileSystem& file_system, std::shared_ptr<PendingReply> reply, uint64_t node,
                   InodeEntryRef entry, size_t size, uint64_t offset, bool plus)
      : file_system_(file_system),
        reply_(std::move(reply)),
        node_(node),
        entry_(std::move(entry)),
        plus_(plus),
        epoch_(file_system.epoch()),
        context_(file_system.NewContext()),
        offset_(offset),
        room_(size) {
    buffer_.reserve(size);
  }

  // Asks page after page. A page that is there at once is handled in this loop, not by recursion,
  // since a directory may have many.
  void Run() {
    while (!finished_) {
      answered_ = false;
      file_system_.parts().source.ReadDirectory(
          entry_->path, page_, context_,
          [self = shared_from_this()](absl::StatusOr<ListingRef> listing) {
            self->Take(listing);
            // The first to come here leaves the next step to the second.
            if (self->answered_.exchange(true)) self->Run();
          });
      if (!answered_.exchange(true)) return;
    }
  }

 private:
  enum class Filled { kAll, kFull, kFailed };

  void Take(const absl::StatusOr<ListingRef>& answer) {
    if (!answer.ok()) return Fail(answer.status());
    const Listing& listing = **answer;
    if (listing.bits_needed != 0) {
      // More bits each time, so this ends.
      if (listing.bits_needed <= page_.bits) return Fail(EIO);
      page_ = PageOf(std::max(offset_, kCookieMin), listing.bits_needed);
      return;
    }
    if (!Matches(listing.directory)) return;
    // Registered before the kernel has a name of it.
    if (!file_system_.parts().watch.WatchListing(node_, entry_->path, listing.directory.version)) {
      return Fail(ENOMEM);
    }
    Filled filled = AddDots(listing.directory);
    if (filled == Filled::kAll) filled = AddEntries(listing);
    if (filled == Filled::kFailed) return;
    const bool last = page_.index + 1 >= uint64_t{1} << page_.bits;
    // A page's end may leave room; only an empty buffer must go on, but a full one saves requests.
    if (filled == Filled::kFull || last) return Finish();
    if (file_system_.parts().clock.Now() >= context_.deadline) return Fail(EIO);
    ++page_.index;
  }

  bool Matches(const Attributes& directory) {
    if (node_ == kRootNode) file_system_.parts().table.SetRoot(directory);
    if (entry_->Matches(directory)) return true;
    file_system_.ExpireName(entry_->path);
    Fail(ESTALE);
    return false;
  }

  // "." and "..", with the same inode numbers as stat gives. They are never looked up.
  Filled AddDots(const Attributes& directory) {
    if (offset_ == 0) {
      const Filled filled = AddDot(".", directory.device, directory.inode, kAfterDot);
      if (filled != Filled::kAll) return filled;
    }
    if (offset_ == kAfterDot) {
      std::pair<uint64_t, uint64_t> parent(directory.device, directory.inode);
      if (!entry_->path.IsRoot()) {
        InodeTable& table = file_system_.parts().table;
        for (const uint64_t node : table.NodesAt(entry_->path.Parent())) {
          const InodeEntryRef found = table.Find(node);
          // The root's are unknown until somebody has asked for them.
          if (found != nullptr && found->inode != 0) parent = {found->device, found->inode};
        }
      }
      return AddDot("..", parent.first, parent.second, kAfterDotDot);
    }
    return Filled::kAll;
  }

  Filled AddDot(const char* name, uint64_t device, uint64_t inode, uint64_t offset) {
    fuse_entry_param entry = {};
    if (!EncodeNumber(device, inode, S_IFDIR, entry)) return Filled::kFailed;
    if (SizeOf(name, entry) > room_) return NoRoom();
    Append(name, entry, offset);
    return Filled::kAll;
  }

  // Entries of equal cookies go into the buffer together or not at all: the kernel goes on after a
  // cookie, and would miss the second one.
  Filled AddEntries(const Listing& listing) {
    size_t i = listing.FirstAfter(offset_);
    while (i < listing.entries.size()) {
      const uint64_t cookie = CookieOf(listing.entries[i].name);
      size_t end = i + 1;
      while (end < listing.entries.size() && CookieOf(listing.entries[end].name) == cookie) ++end;
      std::vector<fuse_entry_param> encoded(end - i);
      size_t needed = 0;
      for (size_t k = i; k < end; ++k) {
        if (!Encode(listing, listing.entries[k], encoded[k - i])) return Filled::kFailed;
        needed += SizeOf(listing.entries[k].name, encoded[k - i]);
      }
      if (needed > room_) return NoRoom();
      for (size_t k = i; k < end; ++k) {
        const Dentry& dentry = listing.entries[k];
        if (plus_ && dentry.attributes.has_value()) AddLookup(dentry, encoded[k - i]);
        Append(dentry.name, encoded[k - i], cookie);
      }
      i = end;
    }
    return Filled::kAll;
  }

  // Attributes without a node yet: it costs a lookup, and the entry may not fit.
  bool Encode(const Listing& listing, const Dentry& dentry, fuse_entry_param& entry) {
    if (!dentry.attributes.has_value()) {
      return EncodeNumber(listing.directory.device, dentry.inode, dentry.type, entry);
    }
    const absl::StatusOr<struct stat> stat =
        EncodeAttributes(*dentry.attributes, file_system_.parts().numbers);
    if (!stat.ok()) {
      Fail(stat.status());
      return false;
    }
    entry.attr = *stat;
    return true;
  }

  bool EncodeNumber(uint64_t device, uint64_t inode, uint32_t type, fuse_entry_param& entry) {
    const absl::StatusOr<uint64_t> number = file_system_.parts().numbers.NumberOf(device, inode);
    if (!number.ok()) {
      Fail(number.status());
      return false;
    }
    entry.attr.st_ino = *number;
    entry.attr.st_mode = type;
    return true;
  }

  void AddLookup(const Dentry& dentry, fuse_entry_param& entry) {
    absl::StatusOr<Path> path = entry_->path.Child(dentry.name);
    // Too long for us: the kernel gets the name alone, and an error when it looks it up.
    if (!path.ok()) return;
    const uint64_t node =
        file_system_.parts().table.AddLookup(*std::move(path), *dentry.attributes);
    looked_up_.push_back(node);
    entry = EncodeEntry(node, entry.attr, file_system_.TimeoutsSince(epoch_));
  }

  size_t SizeOf(const std::string& name, const fuse_entry_param& entry) const {
    return plus_ ? fuse_add_direntry_plus(nullptr, nullptr, 0, name.c_str(), &entry, 0)
                 : fuse_add_direntry(nullptr, nullptr, 0, name.c_str(), &entry.attr, 0);
  }

  void Append(const std::string& name, const fuse_entry_param& entry, uint64_t offset) {
    const size_t used = buffer_.size();
    const size_t length = SizeOf(name, entry);
    buffer_.resize(used + length);
    char* const place = buffer_.data() + used;
    if (plus_) {
      fuse_add_direntry_plus(nullptr, place, length, name.c_str(), &entry, offset);
    } else {
      fuse_add_direntry(nullptr, place, length, name.c_str(), &entry.attr, offset);
    }
    room_ -= length;
    offset_ = offset;
  }

  // An answer without an entry would be the end of the directory.
  Filled NoRoom() {
    if (!buffer_.empty()) return Filled::kFull;
    Fail(EINVAL);
    return Filled::kFailed;
  }

  void Finish() {
    finished_ = true;
    const bool taken = reply_->Answer([this](fuse_req* request) {
      return fuse_reply_buf(request, buffer_.data(), buffer_.size());
    });
    if (!taken) ForgetLookups();
    // An order to forget came meanwhile. What the kernel got may be of before.
    if (file_system_.epoch() != epoch_) file_system_.InvalidateNode(node_);
  }

  void Fail(const absl::Status& status) {
    finished_ = true;
    ForgetLookups();
    reply_->Fail(status);
  }
  void Fail(int error_number) {
    finished_ = true;
    ForgetLookups();
    reply_->Fail(error_number);
  }

  void ForgetLookups() {
    for (const uint64_t node : looked_up_) file_system_.Forget(node, 1);
    looked_up_.clear();
  }

  FileSystem& file_system_;
  const std::shared_ptr<PendingReply> reply_;
  const uint64_t node_;
  const InodeEntryRef entry_;
  const bool plus_;
  const uint64_t epoch_;
  const RequestContext context_;
  // From here on, one thread at a time: a page is asked for after the one before was handled.
  uint64_t offset_;  // of what comes next
  size_t room_;      // bytes left in the buffer
  DirectoryPage page_;
  std::vector<char> buffer_;
  std::vector<uint64_t> looked_up_;
  std::atomic<bool> finished_ = false;
  std::atomic<bool> answered_ = false;
};

}  // namespace

void FileSystem::ReadDirectory(fuse_req* request, uint64_t node, size_t size, uint64_t offset,
                               bool plus) {
  std::shared_ptr<PendingReply> reply = StartReply(request);
  InodeEntryRef entry = parts_.table.Find(node);
  if (entry == nullptr) return reply->Fail(ESTALE);
  if (!entry->IsDirectory()) return reply->Fail(ENOTDIR);
  std::make_shared<DirectoryReading>(*this, std::move(reply), node, std::move(entry), size, offset,
                                     plus)
      ->Run();
}

}  // namespace coppice
