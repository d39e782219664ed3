// Reading tokenizer.json and tokenizer_config.json.
#include "text/tokenizer_json.h"

#include <algorithm>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/expect_only.h"
#include "io/printable.h"
#include "text/byte_alphabet.h"
#include "text/spec_check.h"
#include "text/tokenizer_json_parts.h"

namespace jet {
namespace {

// More than any vocabulary has: an id in a short file must not take much memory.
constexpr int64_t kMostTokens = int64_t{1} << 20;

void read_vocabulary(const Fields& model, TokenizerSpec& spec) {
  const Fields vocabulary = model.object("vocab");
  const auto& entries = vocabulary.json().get_ref<const Json::object_t&>();
  spec.tokens.reserve(entries.size());
  for (const auto& [token, value] : entries) {
    const bool is_id = value.is_number_unsigned() && value.get<uint64_t>() < kMostTokens;
    if (!is_id) vocabulary.bad(token, fmt::format("expected an id below {}", kMostTokens));
    const auto id = value.get<size_t>();
    if (token.empty()) vocabulary.bad(token, "a token is empty");
    if (id >= spec.tokens.size()) spec.tokens.resize(id + 1);
    if (!spec.tokens[id].empty()) {
      vocabulary.bad(token, fmt::format("id {} is also \"{}\"", id, printable(spec.tokens[id])));
    }
    spec.tokens[id] = token;
  }
}

// Either spelling: "a b" or ["a", "b"].
void read_merges(const Fields& model, TokenizerSpec& spec) {
  const auto merges = model.json().find("merges");
  if (merges == model.json().end() || !merges->is_array()) model.bad("merges", "expected an array");
  spec.merges.reserve(merges->size());
  for (const Json& merge : *merges) {
    if (merge.is_string()) {
      const auto& text = merge.get_ref<const std::string&>();
      const size_t blank = text.find(' ');
      if (blank != std::string::npos && text.find(' ', blank + 1) == std::string::npos) {
        spec.merges.emplace_back(text.substr(0, blank), text.substr(blank + 1));
        continue;
      }
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      spec.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
      continue;
    }
    model.bad(fmt::format("merges[{}]", spec.merges.size()), "expected \"a b\" or [\"a\", \"b\"]");
  }
}

void read_model(const Fields& file, TokenizerSpec& spec) {
  const Fields model = file.object("model");
  // Early files (GPT-2's) do not name the type.
  if (model.optional_string("type").value_or("BPE") != "BPE") model.bad("type", "expected \"BPE\"");
  expect_only(model,
              {"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
               "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"});
  if (model.optional_number("dropout").value_or(0) != 0) model.bad("dropout", "expected null");
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model.optional_string(key).value_or("").empty()) model.bad(key, "expected null");
  }
  if (model.boolean("byte_fallback", false))
    model.bad("byte_fallback", "expected false: tokens are of bytes already");
  spec.ignore_merges = model.boolean("ignore_merges", false);
  read_vocabulary(model, spec);
  read_merges(model, spec);
}

AddedToken read_added(const Fields& token, int64_t id) {
  return {.id = static_cast<int32_t>(id),
          .content = token.string("content"),
          .special = token.boolean("special", false),
          .lstrip = token.boolean("lstrip", false),
          .rstrip = token.boolean("rstrip", false),
          .single_word = token.boolean("single_word", false),
          .normalized = token.boolean("normalized", true)};
}

using AddedTokens = std::map<int32_t, AddedToken>;  // by id

// A later description of the same token replaces the earlier one.
void add_token(AddedToken token, const Fields& source, TokenizerSpec& spec, AddedTokens& added) {
  const auto id = static_cast<size_t>(token.id);
  if (token.content.empty()) source.bad("content", "an added token is empty");
  if (id >= spec.tokens.size()) spec.tokens.resize(id + 1);
  std::string& entry = spec.tokens[id];
  if (!entry.empty() && entry != token.content) {
    source.bad("content", fmt::format("\"{}\" has id {}, which is \"{}\" in the vocabulary",
                                      printable(token.content), id, printable(entry)));
  }
  entry = token.content;
  added[token.id] = std::move(token);
}

void read_added_tokens(const Fields& file, TokenizerSpec& spec, AddedTokens& added) {
  const auto tokens = file.json().find("added_tokens");
  if (tokens == file.json().end() || tokens->is_null()) return;
  if (!tokens->is_array()) file.bad("added_tokens", "expected an array");
  for (size_t i = 0; i < tokens->size(); ++i) {
    const Fields token((*tokens)[i], file.where(), fmt::format("added_tokens[{}]", i));
    add_token(read_added(token, token.integer("id", 0, kMostTokens - 1)), token, spec, added);
  }
}

// tokenizer_config.json may describe tokens that tokenizer.json lacks; transformers adds them when
// it loads both.
void read_added_tokens_decoder(const Fields& config, TokenizerSpec& spec, AddedTokens& added) {
  if (!config.has("added_tokens_decoder")) return;
  const Fields tokens = config.object("added_tokens_decoder");
  for (const auto& [key, value] : tokens.json().items()) {
    const bool is_id =
        !key.empty() && key.size() <= 8 && key.find_first_not_of("0123456789") == key.npos;
    if (!is_id || std::stoll(key) >= kMostTokens)
      tokens.bad(key, fmt::format("expected an id below {}", kMostTokens));
    const Fields token(value, config.where(), "added_tokens_decoder." + key);
    add_token(read_added(token, std::stoll(key)), token, spec, added);
  }
}

void expect_no_holes(const TokenizerSpec& spec, std::string_view where) {
  const auto hole = std::ranges::find(spec.tokens, std::string());
  if (hole != spec.tokens.end()) {
    fail("{}: no token has id {}, expected ids 0 to {} without a gap", where,
         hole - spec.tokens.begin(), spec.tokens.size() - 1);
  }
}

// A token given by its text, or by an object that holds it.
std::optional<int32_t> read_role(const Fields& config, std::string_view key,
                                 const TokenizerSpec& spec) {
  if (!config.has(key)) return std::nullopt;
  const bool is_object = config.json().find(key)->is_object();
  const std::string content = is_object ? config.object(key).string("content") : config.string(key);
  const auto added = std::ranges::find(spec.added, content, &AddedToken::content);
  if (added != spec.added.end()) return added->id;
  const auto token = std::ranges::find(spec.tokens, content);
  if (token == spec.tokens.end())
    config.bad(key, fmt::format("\"{}\" is not in the vocabulary", printable(content)));
  return static_cast<int32_t>(token - spec.tokens.begin());
}

void read_config(const Fields& config, TokenizerSpec& spec) {
  if (config.boolean("add_prefix_space", spec.add_prefix_space) != spec.add_prefix_space) {
    config.bad("add_prefix_space", "contradicts tokenizer.json's pre_tokenizer");
  }
  const auto bos = read_role(config, "bos_token", spec);
  if (bos && spec.bos && *bos != *spec.bos)
    config.bad("bos_token", "contradicts tokenizer.json's post_processor");
  if (bos) spec.bos = bos;
  if (const auto eos = read_role(config, "eos_token", spec)) spec.eos = {*eos};
  spec.pad = read_role(config, "pad_token", spec);
  if (const auto unk = read_role(config, "unk_token", spec)) spec.unk = unk;
  spec.add_bos = config.boolean("add_bos_token", spec.add_bos);
}

// Hugging Face writes model.unk_token for a byte without a token; jet, as without an unk_token,
// nothing.
void check_unknown(const Fields& model, TokenizerSpec& spec) {
  if (!model.has("unk_token") || model.string("unk_token").empty()) return;
  spec.unk = read_role(model, "unk_token", spec);
  for (int byte = 0; byte < 256; ++byte) {
    if (std::ranges::find(spec.tokens, byte_symbol(static_cast<unsigned char>(byte))) ==
        spec.tokens.end()) {
      model.bad("unk_token",
                fmt::format("not known in a vocabulary without the byte 0x{:02X}", byte));
    }
  }
}

}  // namespace

TokenizerSpec parse_tokenizer_json(std::string_view text, const Json& config,
                                   std::string_view where) {
  const Json json = parse_json(text, where);
  const Fields file(json, std::string(where));
  expect_only(file, {"version", "truncation", "padding", "added_tokens", "normalizer",
                     "pre_tokenizer", "post_processor", "decoder", "model"});
  TokenizerSpec spec;
  read_model(file, spec);
  AddedTokens added;
  read_added_tokens(file, spec, added);
  const std::string config_where = fmt::format("{}: tokenizer_config.json", where);
  if (!config.is_null()) read_added_tokens_decoder(Fields(config, config_where), spec, added);
  for (auto& [id, token] : added) spec.added.push_back(std::move(token));
  expect_no_holes(spec, where);
  check_unknown(file.object("model"), spec);
  // `truncation` and `padding` are not read: transformers too lets each call decide.
  read_normalizer(file, spec);
  read_pre_tokenizer(file, spec);
  read_post_processor(file, spec);
  read_decoder(file);
  if (!config.is_null()) read_config(Fields(config, config_where), spec);
  check_spec(spec);
  return spec;
}

}  // namespace jet
