// Source: newline normalisation, and offsets to lines and columns.
#include "text/jinja/source.h"

#include <algorithm>

#include "text/jinja/limits.h"
#include "text/jinja/unicode.h"
#include "text/utf8.h"

namespace jet::jinja {
namespace {

std::string normalise(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out += text[i];
      continue;
    }
    out += '\n';
    if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

// Messages hold names and text of the template: one line of bounded length all the same.
std::string one_line(std::string_view text) {
  constexpr size_t kLongest = 400;
  std::string out;
  for (size_t offset = 0; offset < text.size();) {
    if (out.size() >= kLongest) return out + "...";
    const size_t start = offset;
    const char32_t c = next_code_point(text, offset);
    if (is_printable(c)) {
      out += text.substr(start, offset - start);
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
    }
  }
  return out;
}

}  // namespace

Source::Source(std::string text) : original_(std::move(text)) {
  if (original_.size() > kMaxSource) {
    jet::fail("chat template: {} bytes, at most {} are accepted", original_.size(), kMaxSource);
  }
  if (const std::optional<size_t> bad = find_invalid_utf8(original_)) {
    jet::fail("chat template: byte {} is not UTF-8", *bad);
  }
  text_ = normalise(original_);
}

void Source::fail_at(Position at, std::string_view problem) const {
  const std::string_view before = std::string_view(text_).substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const size_t column = 1 + code_points(before.substr(line_start));
  jet::fail("chat template: line {}, column {}: {}", line, column, one_line(problem));
}

}  // namespace jet::jinja
