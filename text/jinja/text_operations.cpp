// Cutting and replacing.
#include "text/jinja/text_operations.h"

#include <algorithm>
#include <limits>

#include "text/jinja/operators.h"
#include "text/utf8.h"

namespace jet::jinja {
namespace {

uint64_t limit(int64_t most) {
  return most < 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(most);
}

class Pieces {
 public:
  Pieces(Runtime& rt, std::string_view text) : rt_(rt), text_(text) {}
  void add(size_t from, size_t to) {
    rt_.step();
    pieces_.push_back(rt_.text(std::string(text_.substr(from, to - from))));
  }
  Value list(bool reversed = false) {
    if (reversed) std::ranges::reverse(pieces_);
    return rt_.list(std::move(pieces_));
  }

 private:
  Runtime& rt_;
  std::string_view text_;
  std::vector<Value> pieces_;
};

// Offset behind the white space, or behind the rest, that begins at `at`.
size_t skip(std::string_view text, size_t at, bool space) {
  while (at < text.size()) {
    size_t next = at;
    if (is_space(next_code_point(text, next)) != space) break;
    at = next;
  }
  return at;
}

// The same towards the front: offset where the run that ends at `at` begins.
size_t skip_back(std::string_view text, size_t at, bool space) {
  while (at > 0) {
    const std::string_view last = last_character(text.substr(0, at));
    if (is_space(code_point(last)) != space) break;
    at -= last.size();
  }
  return at;
}

// All places of `what`, without overlap, from the left.
std::vector<size_t> places(Runtime& rt, std::string_view text, std::string_view what,
                           uint64_t most) {
  std::vector<size_t> out;
  size_t from = 0;
  while (out.size() < most) {
    const size_t at = find_text(rt, text, what, from);
    if (at == std::string_view::npos) break;
    out.push_back(at);
    from = at + what.size();
  }
  return out;
}

// From the right; a quadratic search backwards would be simpler, but the text may be hostile.
std::vector<size_t> places_from_right(Runtime& rt, std::string_view text, std::string_view what,
                                      uint64_t most) {
  std::string backwards(text.rbegin(), text.rend());
  const std::string what_backwards(what.rbegin(), what.rend());
  std::vector<size_t> out = places(rt, backwards, what_backwards, most);
  for (size_t& at : out) at = text.size() - at - what.size();
  std::ranges::reverse(out);
  return out;
}

}  // namespace

Value strip_text(Runtime& rt, std::string_view text, const Value& of, Side side) {
  if (of.is_none()) {
    rt.step(text.size());
    return rt.text(std::string(strip(text, side)));
  }
  const std::string* characters = of.text();
  if (!characters) rt.fail("the characters to strip must be a string, not '{}'", type_name(of));
  rt.step(text.size());
  rt.charge(text.size() / 256 * characters->size());
  return rt.text(std::string(strip(text, *characters, side)));
}

Value split_at(Runtime& rt, std::string_view text, std::string_view separator, int64_t most,
               bool from_right) {
  const std::vector<size_t> cuts = from_right ? places_from_right(rt, text, separator, limit(most))
                                              : places(rt, text, separator, limit(most));
  Pieces pieces(rt, text);
  size_t from = 0;
  for (const size_t cut : cuts) {
    pieces.add(from, cut);
    from = cut + separator.size();
  }
  pieces.add(from, text.size());
  return pieces.list();
}

Value split_at_space(Runtime& rt, std::string_view text, int64_t most, bool from_right) {
  rt.step(text.size());
  Pieces pieces(rt, text);
  uint64_t cuts = limit(most);
  if (from_right) {
    for (size_t end = skip_back(text, text.size(), true); end > 0;) {
      const size_t start = cuts-- == 0 ? 0 : skip_back(text, end, false);
      pieces.add(start, end);
      end = skip_back(text, start, true);
    }
    return pieces.list(true);
  }
  for (size_t start = skip(text, 0, true); start < text.size();) {
    const size_t end = cuts-- == 0 ? text.size() : skip(text, start, false);
    pieces.add(start, end);
    start = skip(text, end, true);
  }
  return pieces.list();
}

Value split_lines(Runtime& rt, std::string_view text, bool keep_ends) {
  rt.step(text.size());
  Pieces pieces(rt, text);
  size_t from = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t c = next_code_point(text, at);
    if (!is_line_end(c)) continue;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    pieces.add(from, keep_ends ? at : start);
    from = at;
  }
  if (from < text.size()) pieces.add(from, text.size());
  return pieces.list();
}

size_t find_last_text(Runtime& rt, std::string_view text, std::string_view what) {
  if (what.empty()) return text.size();
  const std::vector<size_t> last = places_from_right(rt, text, what, 1);
  return last.empty() ? std::string_view::npos : last.front();
}

Value replace_text(Runtime& rt, std::string_view text, std::string_view old, std::string_view with,
                   int64_t most) {
  uint64_t left = limit(most);
  std::string out;
  if (old.empty()) {
    for (; left > 0; --left) {
      rt.append(out, with);
      if (text.empty()) return Value(std::move(out));
      const size_t bytes = offset_of(text, 1);
      rt.append(out, text.substr(0, bytes));
      text.remove_prefix(bytes);
    }
    rt.append(out, text);
    return Value(std::move(out));
  }
  size_t from = 0;
  for (; left > 0; --left) {
    const size_t at = find_text(rt, text, old, from);
    if (at == std::string_view::npos) break;
    rt.append(out, text.substr(from, at - from));
    rt.append(out, with);
    from = at + old.size();
  }
  rt.append(out, text.substr(from));
  return Value(std::move(out));
}

int64_t count_text(Runtime& rt, std::string_view text, std::string_view what) {
  if (what.empty()) return static_cast<int64_t>(code_points(text)) + 1;
  return static_cast<int64_t>(places(rt, text, what, limit(-1)).size());
}

bool all_characters(std::string_view text, bool (*is_kind)(char32_t)) {
  for (size_t at = 0; at < text.size();) {
    if (!is_kind(next_code_point(text, at))) return false;
  }
  return !text.empty();
}

bool has_case(std::string_view text, CaseKind kind) {
  bool found = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    const bool wanted = kind == CaseKind::lower ? is_lower(c) : is_upper(c);
    if (!wanted && is_cased(c)) return false;
    found = found || wanted;
  }
  return found;
}

}  // namespace jet::jinja
