// The entries of a directory, with their attributes: the unit of metadata.
//
// Entries are ordered by (cookie, name), where the cookie is a hash of the name. The order does not
// depend on what else is in the directory, so a reader that continues after a cookie neither skips
// nor repeats an entry that was there all the time, even when others came or went between two
// calls, and needs no state on our side (what ext4 does with its hash tree, for the same reason).
//
// A directory of more than kListingEntriesMax entries is cut into 2^bits pages by the high bits of
// the cookie. Pages of equal `bits` are disjoint and together hold every entry.
#ifndef COPPICE_SOURCE_LISTING_H_
#define COPPICE_SOURCE_LISTING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "source/attributes.h"

namespace coppice {

inline constexpr size_t kListingEntriesMax = 16'384;
// 2^24 pages of 16,384 entries: more than any directory holds.
inline constexpr uint32_t kPageBitsMax = 24;

// The cookie of a name, in [kCookieMin, 2^63): a positive off_t; smaller offsets are the caller's
// own (for "." and ".."). The same on every node and in every version: XXH3-64.
inline constexpr uint64_t kCookieMin = 16;
uint64_t CookieOf(absl::string_view name);

// One page of a directory; the default is all of it.
struct DirectoryPage {
  uint32_t bits = 0;   // at most kPageBitsMax
  uint64_t index = 0;  // below 2^bits

  friend auto operator<=>(const DirectoryPage&, const DirectoryPage&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const DirectoryPage& page) {
    return H::combine(std::move(state), page.bits, page.index);
  }
};

// The page of 2^bits that a cookie belongs to.
DirectoryPage PageOf(uint64_t cookie, uint32_t bits);

// One name in a directory.
struct Dentry {
  std::string name;
  uint32_t type = 0;   // the S_IFMT bits, from the directory itself
  uint64_t inode = 0;  // from the directory itself
  // Nothing when the name could be listed but not stat'ed (no search permission, a vanished file, a
  // mount that may not be entered): such a name exists, and a lookup of it must ask.
  std::optional<Attributes> attributes;
};

struct Listing {
  Attributes directory;  // taken before the names were read
  DirectoryPage page;
  // Nonzero: the directory is too large for `page`; there are no entries here, and the caller asks
  // again for pages of this many bits.
  uint32_t bits_needed = 0;
  std::vector<Dentry> entries;
  absl::Time confirmed_at;  // as in PathState

  // Whether a name that is not here is not in the directory.
  bool IsComplete() const { return page.bits == 0 && bits_needed == 0; }

  // The entry, or nullptr.
  const Dentry* Find(absl::string_view name) const;

  // The index of the first entry whose cookie is above `cookie`; entries.size() if there is none.
  size_t FirstAfter(uint64_t cookie) const;

  // What keeping it costs, about, in bytes.
  size_t ChargeBytes() const;
};

// Shared and immutable once made.
using ListingRef = std::shared_ptr<const Listing>;

// Puts entries into the order above.
void SortEntries(std::vector<Dentry>& entries);

}  // namespace coppice

#endif  // COPPICE_SOURCE_LISTING_H_
