// Strings as Python sees them: code points, its notion of white space and case. All text here is
// valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace jet::jinja {

size_t code_points(std::string_view text);
// The code point at `offset`, which moves past it.
char32_t next_code_point(std::string_view text, size_t& offset);
// Offset of the code point numbered `index`; text.size() if there are fewer.
size_t offset_of(std::string_view text, size_t index);
// One string per code point.
std::vector<std::string_view> characters(std::string_view text);

bool is_space(char32_t c);      // str.isspace, also what \s matches
bool is_line_end(char32_t c);   // where str.splitlines cuts
bool is_printable(char32_t c);  // str.isprintable: what repr() writes as it is
bool is_letter(char32_t c);     // str.isalpha
bool is_decimal(char32_t c);    // str.isdecimal
bool is_upper(char32_t c);
bool is_lower(char32_t c);
bool is_cased(char32_t c);

enum class Side { left, right, both };
// Without the white space, or any of the code points in `characters`, at its ends.
std::string_view strip(std::string_view text, Side side = Side::both);
std::string_view strip(std::string_view text, std::string_view of, Side side);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
std::string title(std::string_view text);  // str.title; Jinja's filter cuts words elsewhere

}  // namespace jet::jinja
