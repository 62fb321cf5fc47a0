// A table in plain text, its columns aligned, and numbers as people read them. Pure,
// thread-compatible.
#ifndef COPPICE_DEPLOY_TABLE_H_
#define COPPICE_DEPLOY_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace coppice {

class Table {
 public:
  // The first column is aligned to the left, as names are, the others to the right, unless
  // `align_left`.
  explicit Table(std::vector<std::string> titles, bool align_left = false);

  // REQUIRES: as many cells as titles.
  void AddRow(std::vector<std::string> cells);
  // The titles, a rule, the rows; two spaces between columns, none at the ends of lines. Text is
  // taken as UTF-8, one column wide for each character.
  std::string Text() const;

 private:
  const bool align_left_;
  std::vector<std::vector<std::string>> rows_;
};

// "0 B", "999 B", "1.0 KiB", "17.3 MiB", "2.0 GiB".
std::string FormatBytes(uint64_t bytes);
// Seconds with three digits, "0.145 s".
std::string FormatSeconds(absl::Duration duration);
// "1,234,567".
std::string FormatCount(uint64_t count);
// "1.25 x"; "-" when the divisor is 0.
std::string FormatRatio(double value, double divisor);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_TABLE_H_
