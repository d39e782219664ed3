// Decomposition and composition by utf8proc; the order of combining marks by a sort of our own,
// since utf8proc's exchanges neighbours, which is quadratic in a run of marks.
#include "text/nfc.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include <utf8proc.h>

#include "core/error.h"
#include "text/utf8.h"

namespace jet {
namespace {

// Nothing below U+0300 combines with what stands before it: such text is in form C. In UTF-8,
// U+0300 begins with 0xCC.
bool is_plainly_nfc(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0xCC; });
}

// Canonical decomposition, not yet in canonical order.
std::vector<utf8proc_int32_t> decompose(std::string_view text) {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
  std::vector<utf8proc_int32_t> out;
  out.reserve(text.size());
  std::array<utf8proc_int32_t, 8> parts{};  // no character decomposes into more than four
  while (!text.empty()) {
    const size_t length = first_utf8(text).length;
    const auto code = static_cast<utf8proc_int32_t>(code_point(text.substr(0, length)));
    const auto n = utf8proc_decompose_char(code, parts.data(), parts.size(), kOptions, nullptr);
    JET_CHECK(n >= 0 && n <= static_cast<utf8proc_ssize_t>(parts.size()));
    out.insert(out.end(), parts.begin(), parts.begin() + n);
    text.remove_prefix(length);
  }
  return out;
}

int combining_class(utf8proc_int32_t code) { return utf8proc_get_property(code)->combining_class; }

// Each run of combining marks by class; marks of one class keep their order.
void sort_marks(std::span<utf8proc_int32_t> codes) {
  const auto is_mark = [](utf8proc_int32_t code) { return combining_class(code) != 0; };
  for (auto at = codes.begin(); at != codes.end();) {
    const auto begin = std::find_if(at, codes.end(), is_mark);
    const auto end = std::find_if_not(begin, codes.end(), is_mark);
    if (end - begin > 1) std::ranges::stable_sort(begin, end, {}, combining_class);
    at = end;
  }
}

}  // namespace

std::string_view normalize_nfc(std::string_view text, std::string& storage) {
  if (is_plainly_nfc(text)) return text;
  std::vector<utf8proc_int32_t> codes = decompose(text);
  sort_marks(codes);
  const auto composed =
      utf8proc_normalize_utf32(codes.data(), static_cast<utf8proc_ssize_t>(codes.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  JET_CHECK(composed >= 0);
  storage.clear();
  storage.reserve(text.size());
  for (const utf8proc_int32_t code : std::span(codes).first(static_cast<size_t>(composed))) {
    append_utf8(storage, static_cast<char32_t>(code));
  }
  return storage;
}

}  // namespace jet
