// What string methods and filters share.
#pragma once

#include <string_view>

#include "text/jinja/runtime.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {

// `of`: the characters to drop, None for white space.
Value strip_text(Runtime& rt, std::string_view text, const Value& of, Side side);
// Lists of strings; `most` cuts at most, all if negative.
Value split_at(Runtime& rt, std::string_view text, std::string_view separator, int64_t most,
               bool from_right);
Value split_at_space(Runtime& rt, std::string_view text, int64_t most, bool from_right);
Value split_lines(Runtime& rt, std::string_view text, bool keep_ends);
// `most` places at most, all if negative. An empty `old` stands before every character and at the
// end.
Value replace_text(Runtime& rt, std::string_view text, std::string_view old, std::string_view with,
                   int64_t most);
// Offset of the last place, npos if there is none.
size_t find_last_text(Runtime& rt, std::string_view text, std::string_view what);
int64_t count_text(Runtime& rt, std::string_view text, std::string_view what);

bool all_characters(std::string_view text, bool (*is_kind)(char32_t));
enum class CaseKind { lower, upper };
// str.islower, str.isupper: there is a letter of this case and none of the other.
bool has_case(std::string_view text, CaseKind kind);

}  // namespace jet::jinja
