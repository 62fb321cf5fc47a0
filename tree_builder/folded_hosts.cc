#include "tree_builder/folded_hosts.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tree_builder/host_expression.h"
#include "tree_builder/member.h"

namespace coppice {
namespace {

// A name in pieces: text at even places, numbers (or, once folded, brackets) at odd ones.
using Pieces = std::vector<std::string>;

Pieces Split(absl::string_view name) {
  Pieces pieces = {""};
  for (const char character : name) {
    const bool digit = absl::ascii_isdigit(character);
    if (digit != (pieces.size() % 2 == 0)) pieces.emplace_back();
    pieces.back().push_back(character);
  }
  // Numbers that no range can have are text.
  for (size_t i = 1; i < pieces.size();) {
    if (pieces[i].size() <= kRangeDigitsMax) {
      i += 2;
      continue;
    }
    pieces[i - 1] += pieces[i];
    if (i + 1 < pieces.size()) pieces[i - 1] += pieces[i + 1];
    pieces.erase(pieces.begin() + static_cast<ptrdiff_t>(i),
                 pieces.begin() + static_cast<ptrdiff_t>(std::min(i + 2, pieces.size())));
  }
  return pieces;
}

uint64_t ValueOf(const std::string& number) {
  uint64_t value = 0;
  (void)absl::SimpleAtoi(number, &value);  // digits, and not too many
  return value;
}

// "[007,031]" for those numbers, "7" for one. In ranges where the next number is written as a range
// writes it.
std::string FoldNumbers(std::vector<std::string> numbers) {
  std::sort(numbers.begin(), numbers.end(), [](const auto& one, const auto& other) {
    return std::make_pair(one.size(), absl::string_view(one)) <
           std::make_pair(other.size(), absl::string_view(other));
  });
  if (numbers.size() == 1) return numbers.front();
  std::string text = "[";
  for (size_t i = 0; i < numbers.size();) {
    const std::string& low = numbers[i];
    const size_t width = low.front() == '0' ? low.size() : 0;
    const uint64_t first = ValueOf(low);
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == PaddedNumber(first + (end - i), width)) ++end;
    absl::StrAppend(&text, i == 0 ? "" : ",", low);
    if (end > i + 1) absl::StrAppend(&text, "-", numbers[end - 1]);
    i = end;
  }
  return text + "]";
}

// Joins names that differ in their piece `place` only.
std::vector<Pieces> FoldPlace(std::vector<Pieces> names, size_t place) {
  std::map<Pieces, std::vector<std::string>> numbers;
  std::vector<Pieces> folded;
  for (Pieces& name : names) {
    if (name.size() <= place || name[place].front() == '[') {
      folded.push_back(std::move(name));
      continue;
    }
    std::string number = std::exchange(name[place], "");
    numbers[std::move(name)].push_back(std::move(number));
  }
  for (auto& [name, values] : numbers) {
    folded.push_back(name);
    folded.back()[place] = FoldNumbers(std::move(values));
  }
  return folded;
}

std::vector<std::string> Fold(const absl::flat_hash_set<std::string>& names) {
  std::vector<Pieces> pieces;
  size_t places = 0;
  for (const std::string& name : names) {
    pieces.push_back(Split(name));
    places = std::max(places, pieces.back().size());
  }
  for (size_t place = places; place-- > 0;) {
    if (place % 2 == 1) pieces = FoldPlace(std::move(pieces), place);
  }
  std::vector<std::string> texts;
  texts.reserve(pieces.size());
  for (const Pieces& name : pieces) texts.push_back(absl::StrJoin(name, ""));
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace

std::string FoldedHosts::Text() const { return absl::StrJoin(Fold(names_), ","); }

std::string FoldedHosts::ShortText(size_t bytes_max) const {
  std::string text = Text();
  if (text.size() <= bytes_max) return text;
  // Back to where something ends: an operand, or a range within brackets.
  const size_t comma = text.rfind(',', bytes_max);
  text.resize(comma == std::string::npos ? bytes_max : comma);
  return absl::StrCat(text, ",... (", size(), " hosts)");
}

}  // namespace coppice
