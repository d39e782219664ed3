// Checks of a TokenizerSpec that need no look-up by text.
#include "text/spec_check.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "io/printable.h"
#include "text/utf8.h"

namespace jet {
namespace {

void check_id(const TokenizerSpec& spec, std::optional<int32_t> id, std::string_view role) {
  if (id && (*id < 0 || static_cast<size_t>(*id) >= spec.tokens.size())) {
    fail("tokenizer: {} is token {}, expected 0 to {}", role, *id, spec.tokens.size() - 1);
  }
}

void check_added(const TokenizerSpec& spec) {
  std::vector<bool> seen(spec.tokens.size());
  for (const AddedToken& token : spec.added) {
    check_id(spec, token.id, "an added token");
    const auto id = static_cast<size_t>(token.id);
    if (token.content.empty()) fail("tokenizer: the added token {} is empty", id);
    if (find_invalid_utf8(token.content)) {
      fail("tokenizer: the added token {} (\"{}\") is not UTF-8", id, printable(token.content));
    }
    if (spec.tokens[id] != token.content) {
      fail("tokenizer: the added token {} is \"{}\", but the vocabulary has \"{}\" there", id,
           printable(token.content), printable(spec.tokens[id]));
    }
    if (seen[id]) fail("tokenizer: token {} is added twice", id);
    seen[id] = true;
  }
}

}  // namespace

void check_spec(const TokenizerSpec& spec) {
  if (spec.tokens.empty()) fail("tokenizer: the vocabulary is empty");
  if (spec.tokens.size() > INT32_MAX || spec.merges.size() > INT32_MAX) {
    fail("tokenizer: {} tokens and {} merges are more than {}", spec.tokens.size(),
         spec.merges.size(), INT32_MAX);
  }
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    if (spec.tokens[id].empty()) fail("tokenizer: token {} is empty", id);
  }
  check_added(spec);
  check_id(spec, spec.bos, "bos");
  check_id(spec, spec.pad, "pad");
  check_id(spec, spec.unk, "unk");
  for (const int32_t id : spec.eos) check_id(spec, id, "eos");
  if (spec.add_prefix_space && spec.pre_tokenizer != PreTokenizer::Gpt2) {
    fail("tokenizer: add_prefix_space is known with GPT-2's pre-tokenizer alone");
  }
}

}  // namespace jet
