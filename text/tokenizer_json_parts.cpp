// Normaliser, pre-tokenizer, post-processor and decoder of tokenizer.json.
#include "text/tokenizer_json_parts.h"

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/expect_only.h"
#include "io/printable.h"

namespace jet {
namespace {

// The pattern of a Split, and whether ByteLevel then splits by GPT-2's pattern.
struct KnownRegex {
  PreTokenizer pre_tokenizer;
  bool gpt2_follows;
  std::string_view text;
};

constexpr std::array kKnownRegexes{
    KnownRegex{PreTokenizer::SmolLm, true, R"(\d)"},
    KnownRegex{
        PreTokenizer::Qwen2, false,
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
        R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    KnownRegex{
        PreTokenizer::Llama3, false,
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
        R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"},
};

// The elements of the array `part[key]`, each with its path.
std::vector<Fields> elements(const Fields& part, std::string_view key, std::string_view path) {
  const auto found = part.json().find(key);
  if (found == part.json().end() || !found->is_array()) part.bad(key, "expected an array");
  std::vector<Fields> out;
  for (size_t i = 0; i < found->size(); ++i) {
    out.emplace_back((*found)[i], part.where(), fmt::format("{}.{}[{}]", path, key, i));
  }
  return out;
}

// A part and, where it is a Sequence, what it consists of; nothing where it is null.
std::vector<Fields> flatten(const Fields& file, std::string_view key,
                            std::string_view sequence_key) {
  if (!file.has(key)) return {};
  Fields part = file.object(key);
  if (part.string("type") != "Sequence") return {part};
  expect_only(part, {"type", sequence_key});
  return elements(part, sequence_key, key);
}

void read_byte_level(const Fields& part, bool use_regex, TokenizerSpec& spec) {
  expect_only(part, {"type", "add_prefix_space", "trim_offsets", "use_regex"});
  if (part.boolean("use_regex", true) != use_regex) {
    part.bad("use_regex",
             use_regex ? "false, expected true" : "true, expected false after this Split");
  }
  spec.add_prefix_space = part.boolean("add_prefix_space", true);
  if (spec.add_prefix_space && spec.pre_tokenizer != PreTokenizer::Gpt2) {
    part.bad("add_prefix_space", "true, known with GPT-2's pre-tokenizer alone");
  }
}

const KnownRegex& read_split(const Fields& part) {
  expect_only(part, {"type", "pattern", "behavior", "invert"});
  if (part.string("behavior") != "Isolated") part.bad("behavior", "expected \"Isolated\"");
  if (part.boolean("invert", false)) part.bad("invert", "expected false");
  const Fields pattern = part.object("pattern");
  const std::string regex = pattern.string("Regex");
  const auto known = std::ranges::find(kKnownRegexes, regex, &KnownRegex::text);
  if (known == kKnownRegexes.end())
    pattern.bad("Regex", "expected the pattern of Qwen2 or Llama 3, or \\d");
  return *known;
}

// [bos, the text] or [the text]; `spec.add_bos` and `spec.bos` follow.
void read_template(const Fields& part, std::string_view path, TokenizerSpec& spec) {
  expect_only(part, {"type", "single", "pair", "special_tokens"});
  const std::vector<Fields> pieces = elements(part, "single", path);
  const bool has_bos = pieces.size() == 2 && pieces[0].has("SpecialToken");
  const size_t text = has_bos ? 1 : 0;
  if (pieces.size() != text + 1 || !pieces[text].has("Sequence")) {
    part.bad("single", "expected the text, or one special token and then the text");
  }
  if (!has_bos) return;
  const std::string name = pieces[0].object("SpecialToken").string("id");
  const auto token = std::ranges::find(spec.added, name, &AddedToken::content);
  if (token == spec.added.end()) {
    part.bad("single", fmt::format("\"{}\" is not an added token", printable(name)));
  }
  spec.add_bos = true;
  spec.bos = token->id;
}

Json byte_level_json(bool add_prefix_space, bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

Json sequence_json(Json first, Json second) {
  Json parts = Json::array();
  parts.push_back(std::move(first));
  parts.push_back(std::move(second));
  return {{"type", "Sequence"}, {"pretokenizers", std::move(parts)}};
}

}  // namespace

void read_normalizer(const Fields& file, TokenizerSpec& spec) {
  for (const Fields& part : flatten(file, "normalizer", "normalizers")) {
    if (part.string("type") != "NFC") part.bad("type", "expected \"NFC\"");
    expect_only(part, {"type"});
    spec.normalize_nfc = true;
  }
}

void read_pre_tokenizer(const Fields& file, TokenizerSpec& spec) {
  const std::vector<Fields> parts = flatten(file, "pre_tokenizer", "pretokenizers");
  std::vector<std::string> types;
  for (const Fields& part : parts) types.push_back(part.string("type"));
  using Types = std::vector<std::string>;
  bool use_regex = true;
  if (types == Types{"ByteLevel"}) {
    spec.pre_tokenizer = PreTokenizer::Gpt2;
  } else if (types == Types{"Digits", "ByteLevel"}) {
    expect_only(parts[0], {"type", "individual_digits"});
    if (!parts[0].boolean("individual_digits", false))
      parts[0].bad("individual_digits", "expected true");
    spec.pre_tokenizer = PreTokenizer::Digits;
  } else if (types == Types{"Split", "ByteLevel"}) {
    const KnownRegex& known = read_split(parts[0]);
    spec.pre_tokenizer = known.pre_tokenizer;
    use_regex = known.gpt2_follows;
  } else {
    file.bad("pre_tokenizer", "expected ByteLevel, Digits and ByteLevel, or Split and ByteLevel");
  }
  read_byte_level(parts.back(), use_regex, spec);
}

void read_post_processor(const Fields& file, TokenizerSpec& spec) {
  for (const Fields& part : flatten(file, "post_processor", "processors")) {
    const std::string type = part.string("type");
    if (type == "TemplateProcessing") {
      read_template(part, "post_processor", spec);
    } else if (type != "ByteLevel") {  // which moves offsets only
      part.bad("type", "expected \"ByteLevel\" or \"TemplateProcessing\"");
    }
  }
}

void read_decoder(const Fields& file) {
  const std::vector<Fields> parts = flatten(file, "decoder", "decoders");
  if (parts.size() != 1 || parts[0].string("type") != "ByteLevel")
    file.bad("decoder", "expected ByteLevel");
}

Json normalizer_json(const TokenizerSpec& spec) {
  return spec.normalize_nfc ? Json{{"type", "NFC"}} : Json(nullptr);
}

Json pre_tokenizer_json(const TokenizerSpec& spec) {
  if (spec.pre_tokenizer == PreTokenizer::Gpt2) return byte_level_json(spec.add_prefix_space, true);
  if (spec.pre_tokenizer == PreTokenizer::Digits) {
    return sequence_json({{"type", "Digits"}, {"individual_digits", true}},
                         byte_level_json(false, true));
  }
  const auto known =
      std::ranges::find(kKnownRegexes, spec.pre_tokenizer, &KnownRegex::pre_tokenizer);
  JET_CHECK(known != kKnownRegexes.end());
  Json split{{"type", "Split"},
             {"pattern", {{"Regex", known->text}}},
             {"behavior", "Isolated"},
             {"invert", false}};
  return sequence_json(std::move(split), byte_level_json(false, known->gpt2_follows));
}

Json post_processor_json(const TokenizerSpec& spec) {
  if (!spec.add_bos || !spec.bos) return byte_level_json(false, true);
  const std::string& bos = spec.tokens[static_cast<size_t>(*spec.bos)];
  const auto special = [&](int type_id) {
    return Json{{"SpecialToken", {{"id", bos}, {"type_id", type_id}}}};
  };
  const auto text = [](std::string_view id, int type_id) {
    return Json{{"Sequence", {{"id", id}, {"type_id", type_id}}}};
  };
  Json single = Json::array({special(0), text("A", 0)});
  Json pair = Json::array({special(0), text("A", 0), special(1), text("B", 1)});
  Json ids = Json::array({*spec.bos});
  Json tokens = Json::array({bos});
  return {{"type", "TemplateProcessing"},
          {"single", std::move(single)},
          {"pair", std::move(pair)},
          {"special_tokens",
           {{bos, {{"id", bos}, {"ids", std::move(ids)}, {"tokens", std::move(tokens)}}}}}};
}

Json decoder_json() { return byte_level_json(true, true); }

}  // namespace jet
