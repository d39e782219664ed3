#include "apps/jet/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace jet::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n,";

template <typename Value>
std::optional<Value> read_whole(std::string_view text) {
  Value value{};
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || stop != end) return std::nullopt;
  return value;
}

template <typename Range>
std::string describe(const Range& range) {
  return fmt::format("{} to {}", range.least, range.most);
}

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

int64_t parse_integer(std::string_view text, const IntegerRange& range) {
  const auto value = read_whole<int64_t>(text);
  if (!value || *value < range.least || *value > range.most) {
    throw UsageError(fmt::format("\"{}\" is not a whole number of {}", text, describe(range)));
  }
  return *value;
}

double parse_number(std::string_view text, const NumberRange& range) {
  const auto value = read_whole<double>(text);
  if (!value || !std::isfinite(*value) || *value < range.least || *value > range.most) {
    throw UsageError(fmt::format("\"{}\" is not a number of {}", text, describe(range)));
  }
  return *value;
}

int64_t parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view suffix;
    int64_t bytes;
  };
  for (const Unit unit : {Unit{"KB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"", 1}}) {
    if (!text.ends_with(unit.suffix)) continue;
    const auto count = read_whole<int64_t>(text.substr(0, text.size() - unit.suffix.size()));
    if (!count || *count < 1 || *count > std::numeric_limits<int64_t>::max() / unit.bytes) break;
    return *count * unit.bytes;
  }
  throw UsageError(fmt::format("\"{}\" is not a size such as 500MB or 5GB", text));
}

std::vector<int32_t> parse_ids(std::string_view text) {
  std::vector<int32_t> ids;
  size_t at = text.find_first_not_of(kBlanks);
  while (at != std::string_view::npos) {
    const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const auto id = read_whole<int32_t>(word);
    if (!id || *id < 0) throw UsageError(fmt::format("\"{}\" is not a token id", word));
    ids.push_back(*id);
    at = text.find_first_not_of(kBlanks, end);
  }
  return ids;
}

std::string nearest_name(std::string_view word, std::span<const std::string> names) {
  std::string best;
  size_t least = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(word, name);
    if (distance >= least) continue;
    least = distance;
    best = name;
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> names) {
  const std::string near = nearest_name(word, names);
  return near.empty() ? "" : fmt::format("; did you mean {}?", near);
}

}  // namespace jet::cli
