#include "tree_builder/host_expression.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tree_builder/member.h"

namespace coppice {
namespace {

using Names = std::vector<std::string>;
using NameSet = absl::flat_hash_set<absl::string_view>;

constexpr absl::string_view kOperators = ",!&^";

bool IsOperator(char character) { return kOperators.find(character) != absl::string_view::npos; }

std::string ExpansionLimit() {
  return absl::StrCat("this stands for more than ", kExpansionMax, " names");
}

NameSet SetOf(const Names& names) { return NameSet(names.begin(), names.end()); }

// Keeps the names that are (or are not) in the other list.
void Filter(Names& names, const Names& other, bool keep_common) {
  const NameSet set = SetOf(other);
  names.erase(
      std::remove_if(names.begin(), names.end(),
                     [&](const std::string& name) { return set.contains(name) != keep_common; }),
      names.end());
}

void Append(Names& names, Names more) {
  names.insert(names.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

void Apply(char operation, Names& left, Names right) {
  switch (operation) {
    case '!':
      return Filter(left, right, /*keep_common=*/false);
    case '&':
      return Filter(left, right, /*keep_common=*/true);
    case '^': {
      const Names before = left;
      Filter(left, right, /*keep_common=*/false);
      Filter(right, before, /*keep_common=*/false);
      return Append(left, std::move(right));
    }
    default:
      return Append(left, std::move(right));
  }
}

void RemoveRepeated(Names& names) {
  // Sized first: the views must stay where the strings are.
  std::vector<bool> repeated(names.size());
  NameSet seen;
  seen.reserve(names.size());
  bool any = false;
  for (size_t i = 0; i < names.size(); ++i) {
    repeated[i] = !seen.insert(names[i]).second;
    any = any || repeated[i];
  }
  if (!any) return;
  Names kept;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!repeated[i]) kept.push_back(std::move(names[i]));
  }
  names = std::move(kept);
}

// One walk over the text, from left to right.
class ExpressionParser {
 public:
  ExpressionParser(absl::string_view text, size_t first_column)
      : text_(text), first_column_(first_column) {}

  absl::StatusOr<Names> Parse() {
    absl::StatusOr<Names> names = ParseOperand();
    while (names.ok() && at_ < text_.size()) {
      const char operation = text_[at_++];
      absl::StatusOr<Names> right = ParseOperand();
      if (!right.ok()) return right.status();
      Apply(operation, *names, *std::move(right));
    }
    if (names.ok() && names->size() > 1) RemoveRepeated(*names);
    return names;
  }

 private:
  absl::Status Wrong(size_t at, absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("column ", first_column_ + at, ": ", what));
  }

  bool AtEndOfOperand() const { return at_ == text_.size() || IsOperator(text_[at_]); }

  // Text and brackets in turn, up to an operator or the end.
  absl::StatusOr<Names> ParseOperand() {
    const size_t start = at_;
    Names names = {""};
    while (!AtEndOfOperand()) {
      const absl::Status status = text_[at_] == '[' ? ParseBrackets(names) : ParseText(names);
      if (!status.ok()) return status;
    }
    if (at_ == start) return Wrong(at_, MissingOperand());
    expanded_ += names.size();
    if (expanded_ > kExpansionMax) return Wrong(start, ExpansionLimit());
    // The characters are good; the first of all and the length remain.
    const auto longest = std::max_element(
        names.begin(), names.end(),
        [](const auto& one, const auto& other) { return one.size() < other.size(); });
    if (const absl::Status name = CheckHostName(*longest); !name.ok()) {
      return Wrong(start, name.message());
    }
    return names;
  }

  std::string MissingOperand() const {
    if (text_.empty()) return "a host name is empty";
    if (at_ == text_.size()) {
      return absl::StrCat("a host name is missing after ", Shown(text_.substr(at_ - 1)));
    }
    return absl::StrCat("a host name is missing before ", Shown(text_.substr(at_, 1)));
  }

  absl::Status ParseText(Names& names) {
    const size_t start = at_;
    while (!AtEndOfOperand() && text_[at_] != '[') {
      if (!IsHostNameCharacter(text_[at_])) return Wrong(at_, WrongCharacter());
      ++at_;
    }
    const absl::string_view piece = text_.substr(start, at_ - start);
    for (std::string& name : names) name.append(piece.data(), piece.size());
    return absl::OkStatus();
  }

  std::string WrongCharacter() const {
    switch (text_[at_]) {
      case ']':
        return absl::StrCat("']' without a '[' before it in ", Shown(text_));
      case '@':
        return "groups (@name) are not understood; 'nodeset -e' expands them";
      default:
        return absl::StrCat(Shown(text_.substr(at_, 1)), " cannot be in the host name ",
                            Shown(text_), HostNameHint(text_[at_]));
    }
  }

  // Each name becomes one for each number in the brackets.
  absl::Status ParseBrackets(Names& names) {
    const size_t open = at_++;
    Names numbers;
    do {
      if (absl::Status range = ParseRange(open, names.size(), numbers); !range.ok()) return range;
    } while (text_[at_++] == ',');
    Names products;
    products.reserve(names.size() * numbers.size());
    for (const std::string& name : names) {
      for (const std::string& number : numbers) products.push_back(absl::StrCat(name, number));
    }
    names = std::move(products);
    return absl::OkStatus();
  }

  // One of the ranges in brackets; on success the text goes on with ',' or ']'.
  absl::Status ParseRange(size_t open, size_t names_before, Names& numbers) {
    const size_t start = at_;
    absl::string_view low, high, step_text = "1";
    if (absl::Status status = ParseNumber(open, &low); !status.ok()) return status;
    high = low;
    if (ConsumeCharacter('-')) {
      if (absl::Status status = ParseNumber(open, &high); !status.ok()) return status;
      if (ConsumeCharacter('/')) {
        if (absl::Status status = ParseNumber(open, &step_text); !status.ok()) return status;
      }
    }
    if (at_ == text_.size()) return Wrong(open, "'[' is never closed");
    if (text_[at_] != ',' && text_[at_] != ']') return Wrong(at_, WrongInBrackets());
    uint64_t first = 0, last = 0, step = 0;
    // The digits were counted.
    (void)absl::SimpleAtoi(low, &first);
    (void)absl::SimpleAtoi(high, &last);
    (void)absl::SimpleAtoi(step_text, &step);
    const absl::string_view range = text_.substr(start, at_ - start);
    if (step == 0) return Wrong(start, absl::StrCat("the step of ", Shown(range), " is 0"));
    if (last < first) return Wrong(start, absl::StrCat("the range ", Shown(range), " goes down"));
    if (high.size() > 1 && high.front() == '0' && high.size() != low.size()) {
      return Wrong(start, absl::StrCat("the ends of ", Shown(range), " are padded differently"));
    }
    const uint64_t count = (last - first) / step + 1;
    if (count > kExpansionMax || (numbers.size() + count) * names_before > kExpansionMax) {
      return Wrong(start, ExpansionLimit());
    }
    for (uint64_t i = 0; i < count; ++i) {
      numbers.push_back(PaddedNumber(first + i * step, low.front() == '0' ? low.size() : 0));
    }
    return absl::OkStatus();
  }

  absl::Status ParseNumber(size_t open, absl::string_view* number) {
    const size_t start = at_;
    while (at_ < text_.size() && absl::ascii_isdigit(text_[at_])) ++at_;
    *number = text_.substr(start, at_ - start);
    if (number->size() > kRangeDigitsMax) {
      return Wrong(start, absl::StrCat("a number of more than ", kRangeDigitsMax, " digits"));
    }
    if (!number->empty()) return absl::OkStatus();
    return at_ == text_.size() ? Wrong(open, "'[' is never closed") : Wrong(at_, WrongInBrackets());
  }

  std::string WrongInBrackets() const {
    switch (text_[at_]) {
      case '[':
        return "brackets within brackets are not understood";
      case ',':
      case ']':
      case '-':
      case '/':
        return absl::StrCat("a number is missing before ", Shown(text_.substr(at_, 1)), " in ",
                            Shown(text_));
      default:
        return absl::StrCat(Shown(text_.substr(at_, 1)), " cannot be in the brackets of ",
                            Shown(text_), "; ranges of numbers can, as in [001-128,200]");
    }
  }

  bool ConsumeCharacter(char character) {
    if (at_ == text_.size() || text_[at_] != character) return false;
    ++at_;
    return true;
  }

  const absl::string_view text_;
  const size_t first_column_;
  size_t at_ = 0;
  // Names of all operands so far.
  size_t expanded_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandHosts(absl::string_view expression,
                                                     size_t first_column) {
  // Most lines of most lists are one name.
  if (CheckHostName(expression).ok()) return Names{std::string(expression)};
  return ExpressionParser(expression, first_column).Parse();
}

}  // namespace coppice
