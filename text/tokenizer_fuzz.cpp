// Hostile tokenizer.json files and hostile texts: both may throw Error, nothing else.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json.h"

namespace {

// All bytes, a few merges, and added tokens with every option.
jet::TokenizerSpec small_tokenizer() {
  jet::TokenizerSpec spec;
  for (int byte = 0; byte < 256; ++byte) {
    spec.tokens.emplace_back(jet::byte_symbol(static_cast<unsigned char>(byte)));
  }
  spec.merges = {{"a", "a"}, {"aa", "aa"}, {"Ġ", "a"}, {"Ġ", "Ġ"}, {"Ì", "ģ"}};
  for (const auto& [left, right] : spec.merges) spec.tokens.push_back(left + right);
  for (const char* content : {"<s>", "<s", "e\u0301", " x "}) {
    const auto id = static_cast<int32_t>(spec.tokens.size());
    spec.tokens.emplace_back(content);
    spec.added.push_back({.id = id,
                          .content = content,
                          .special = id % 2 == 0,
                          .lstrip = id % 3 == 0,
                          .rstrip = id % 3 == 1,
                          .single_word = id % 3 == 2,
                          .normalized = id % 2 == 1});
  }
  spec.pre_tokenizer = jet::PreTokenizer::Qwen2;
  spec.normalize_nfc = true;
  return spec;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const jet::Tokenizer tokenizer(small_tokenizer());
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    tokenizer.decode(tokenizer.encode(input));
    tokenizer.encode(input, {.special = false});
  } catch (const jet::Error&) {
  }
  try {
    const jet::Tokenizer parsed(jet::parse_tokenizer_json(input, nullptr, "input"));
    parsed.encode("one <s> two");
  } catch (const jet::Error&) {
  }
  return 0;
}
