// The tokens sorted by content serve as a trie: each further byte of the text narrows a range of
// them.
#include "text/added_tokens.h"

#include <algorithm>

#include <utf8proc.h>

#include "text/utf8.h"

namespace jet {
namespace {

// Unicode's White_Space.
bool is_blank(char32_t code) {
  if (code <= ' ') return code == ' ' || (code >= '\t' && code <= '\r');
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return code == 0x85 || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

// \w of Unicode's regular expressions (UTS 18): Alphabetic, marks, decimal digits, connectors,
// joiners.
bool is_word(char32_t code) {
  const auto within = [code](char32_t first, char32_t last) {
    return code >= first && code <= last;
  };
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    case UTF8PROC_CATEGORY_SO:  // letters in circles and squares
      return within(0x24B6, 0x24E9) || within(0x1F130, 0x1F149) || within(0x1F150, 0x1F169) ||
             within(0x1F170, 0x1F189);
    default:
      return code == 0x200C || code == 0x200D;
  }
}

std::string_view first_character(std::string_view text) {
  return text.substr(0, first_utf8(text).length);
}

size_t blanks_at_start(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const std::string_view character = first_character(text.substr(at));
    if (!is_blank(code_point(character))) break;
    at += character.size();
  }
  return at;
}

size_t blanks_at_end(std::string_view text) {
  size_t left = text.size();
  while (left > 0) {
    const std::string_view character = last_character(text.substr(0, left));
    if (!is_blank(code_point(character))) break;
    left -= character.size();
  }
  return text.size() - left;
}

bool stands_alone(std::string_view before, std::string_view after) {
  return (before.empty() || !is_word(code_point(last_character(before)))) &&
         (after.empty() || !is_word(code_point(first_character(after))));
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::ranges::sort(tokens_, {}, &AddedToken::content);
}

const AddedToken* AddedTokenFinder::longest_at(std::string_view text) const {
  const AddedToken* longest = nullptr;
  auto first = tokens_.begin();
  auto last = tokens_.end();
  // All of [first, last) begin with text[0, depth); the shortest comes first.
  for (size_t depth = 0; first != last; ++depth) {
    if (first->content.size() == depth) longest = &*first++;
    if (depth == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[depth]);
    const auto byte_at_depth = [depth](const AddedToken& token) {
      return static_cast<unsigned char>(token.content[depth]);
    };
    first = std::ranges::lower_bound(first, last, byte, {}, byte_at_depth);
    last = std::ranges::upper_bound(first, last, byte, {}, byte_at_depth);
  }
  return longest;
}

std::vector<TextPiece> AddedTokenFinder::split(std::string_view text, bool special) const {
  std::vector<TextPiece> pieces;
  size_t done = 0;  // text before it is in `pieces`
  for (size_t at = 0; at < text.size() && !tokens_.empty();) {
    const AddedToken* token = longest_at(text.substr(at));
    if (token == nullptr) {
      ++at;
      continue;
    }
    size_t begin = at;
    size_t end = at + token->content.size();
    at = end;
    if (token->special && !special) continue;
    if (token->single_word && !stands_alone(text.substr(0, begin), text.substr(end))) continue;
    if (token->lstrip) begin -= blanks_at_end(text.substr(done, begin - done));
    if (token->rstrip) end += blanks_at_start(text.substr(end));
    if (done < begin) pieces.push_back({text.substr(done, begin - done)});
    pieces.push_back({text.substr(begin, end - begin), token->id});
    done = at = end;
  }
  if (done < text.size()) pieces.push_back({text.substr(done)});
  return pieces;
}

}  // namespace jet
