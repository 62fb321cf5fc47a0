#include "source/listing.h"

#include <algorithm>

#include "xxhash.h"

namespace coppice {
namespace {

constexpr uint32_t kCookieBits = 63;

bool Precedes(const Dentry& a, const Dentry& b) {
  const uint64_t cookie_a = CookieOf(a.name);
  const uint64_t cookie_b = CookieOf(b.name);
  return cookie_a != cookie_b ? cookie_a < cookie_b : a.name < b.name;
}

}  // namespace

uint64_t CookieOf(absl::string_view name) {
  return std::max(XXH3_64bits(name.data(), name.size()) >> (64 - kCookieBits), kCookieMin);
}

DirectoryPage PageOf(uint64_t cookie, uint32_t bits) {
  return {.bits = bits, .index = bits == 0 ? 0 : cookie >> (kCookieBits - bits)};
}

const Dentry* Listing::Find(absl::string_view name) const {
  const uint64_t cookie = CookieOf(name);
  for (size_t i = FirstAfter(cookie - 1); i < entries.size(); ++i) {
    if (entries[i].name == name) return &entries[i];
    if (CookieOf(entries[i].name) != cookie) return nullptr;
  }
  return nullptr;
}

size_t Listing::FirstAfter(uint64_t cookie) const {
  const auto first = std::upper_bound(
      entries.begin(), entries.end(), cookie,
      [](uint64_t wanted, const Dentry& entry) { return wanted < CookieOf(entry.name); });
  return static_cast<size_t>(first - entries.begin());
}

size_t Listing::ChargeBytes() const {
  size_t bytes = sizeof(Listing) + entries.capacity() * sizeof(Dentry);
  for (const Dentry& entry : entries) {
    // Short strings live inside the object.
    if (entry.name.capacity() > sizeof(std::string)) bytes += entry.name.capacity();
    if (entry.attributes.has_value()) bytes += entry.attributes->link_target.size();
  }
  return bytes;
}

void SortEntries(std::vector<Dentry>& entries) {
  std::sort(entries.begin(), entries.end(), Precedes);
}

}  // namespace coppice
