// What people type on the command line, read strictly: no trailing rubbish, no NaN, no overflow.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace jet::cli {

// Wrong usage: exit code 2. what() is one line that says what would be right.
class UsageError : public std::runtime_error {
 public:
  explicit UsageError(const std::string& message) : std::runtime_error(message) {}
};

struct IntegerRange {
  int64_t least = 0;
  int64_t most = std::numeric_limits<int64_t>::max();
};

struct NumberRange {
  double least = 0;
  double most = std::numeric_limits<double>::max();
};

// Each throws UsageError on anything else, with the text and what would be right.
int64_t parse_integer(std::string_view text, const IntegerRange& range);
double parse_number(std::string_view text, const NumberRange& range);
// "5000000", "500KB", "500MB", "5GB": decimal multiples, at least 1.
int64_t parse_bytes(std::string_view text);
// Token ids between blanks or commas: "1 2 3".
std::vector<int32_t> parse_ids(std::string_view text);

// The name that `word` is most likely a slip of; empty when none is near.
std::string nearest_name(std::string_view word, std::span<const std::string> names);
// "; did you mean NAME?", or nothing.
std::string suggestion(std::string_view word, std::span<const std::string> names);

}  // namespace jet::cli
