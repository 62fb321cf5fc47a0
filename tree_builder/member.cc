#include "tree_builder/member.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

constexpr size_t kShownBytesMax = 100;
constexpr uint32_t kPortMax = 65'535;

absl::Status CheckPort(absl::string_view port, absl::string_view address) {
  // SimpleAtoi takes signs and white space, which no port has.
  uint32_t number = 0;
  bool digits = !port.empty();
  for (const char character : port) digits = digits && absl::ascii_isdigit(character);
  if (!digits || !absl::SimpleAtoi(port, &number) || number == 0 || number > kPortMax) {
    return absl::InvalidArgumentError(absl::StrCat("address ", Shown(address), ": the port ",
                                                   Shown(port), " is no number from 1 to ",
                                                   kPortMax));
  }
  return absl::OkStatus();
}

absl::Status CheckIpv6Address(absl::string_view address) {
  const size_t bracket = address.find(']');
  if (bracket == absl::string_view::npos || address.substr(bracket + 1, 1) != ":") {
    return absl::InvalidArgumentError(
        absl::StrCat("address ", Shown(address), " has no port: [IPv6 address]:port is wanted"));
  }
  const std::string inner(address.substr(1, bracket - 1));
  in6_addr parsed;
  if (inet_pton(AF_INET6, inner.c_str(), &parsed) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("address ", Shown(address), ": ", Shown(inner), " is no IPv6 address"));
  }
  return CheckPort(address.substr(bracket + 2), address);
}

}  // namespace

const std::string& Member::AddressIn(uint32_t tree) const {
  static const std::string* const kNone = new std::string();
  return addresses.empty() ? *kNone : addresses[tree % addresses.size()];
}

bool IsHostNameCharacter(char character) {
  return absl::ascii_isalnum(character) || character == '.' || character == '-' || character == '_';
}

absl::string_view HostNameHint(char character) {
  switch (character) {
    case '[':
    case ']':
    case ',':
      return " (one name is wanted here, no range and no list)";
    case ':':
    case '=':
      return " (an address goes into a second column: NAME HOST:PORT)";
    default:
      return "";
  }
}

absl::string_view ShortHostName(absl::string_view name) {
  const size_t dot = name.find('.');
  if (dot == absl::string_view::npos) return name;
  in_addr address;
  // Only of what ends in a digit is it worth a look.
  if (absl::ascii_isdigit(name.back()) &&
      inet_pton(AF_INET, std::string(name).c_str(), &address) == 1) {
    return name;
  }
  return name.substr(0, dot);
}

std::string PaddedNumber(uint64_t number, size_t width) {
  std::string text = absl::StrCat(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

std::string Shown(absl::string_view text) {
  const bool cut = text.size() > kShownBytesMax;
  return absl::StrCat("'", absl::CHexEscape(text.substr(0, kShownBytesMax)), cut ? "..." : "", "'");
}

absl::Status CheckHostName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("a host name is empty");
  for (const char character : name) {
    if (IsHostNameCharacter(character)) continue;
    return absl::InvalidArgumentError(absl::StrCat(Shown(absl::string_view(&character, 1)),
                                                   " cannot be in the host name ", Shown(name),
                                                   HostNameHint(character)));
  }
  if (!absl::ascii_isalnum(name.front())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the host name ", Shown(name), " does not start with a letter or a digit"));
  }
  if (name.size() > kHostNameBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the host name ", Shown(name), " is longer than ", kHostNameBytesMax, " characters"));
  }
  return absl::OkStatus();
}

absl::Status CheckAddress(absl::string_view address) {
  if (!address.empty() && address.front() == '[') return CheckIpv6Address(address);
  const size_t colon = address.find(':');
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("address ", Shown(address), " has no port: HOST:PORT is wanted"));
  }
  if (address.find(':', colon + 1) != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "address ", Shown(address), " has more than one ':'; IPv6 is written [address]:port"));
  }
  if (const absl::Status name = CheckHostName(address.substr(0, colon)); !name.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("address ", Shown(address), ": ", name.message()));
  }
  return CheckPort(address.substr(colon + 1), address);
}

}  // namespace coppice
