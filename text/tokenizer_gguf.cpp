// tokenizer.ggml.* as llama.cpp writes and reads it.
#include "text/tokenizer_gguf.h"

#include <algorithm>
#include <array>
#include <climits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "io/printable.h"
#include "text/spec_check.h"
#include "text/utf8.h"

namespace jet {
namespace {

constexpr std::string_view kModel = "tokenizer.ggml.model";
constexpr std::string_view kPre = "tokenizer.ggml.pre";
constexpr std::string_view kTokens = "tokenizer.ggml.tokens";
constexpr std::string_view kTokenType = "tokenizer.ggml.token_type";
constexpr std::string_view kMerges = "tokenizer.ggml.merges";
constexpr std::string_view kBos = "tokenizer.ggml.bos_token_id";
constexpr std::array<std::string_view, 3> kEos{
    "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};
constexpr std::string_view kPad = "tokenizer.ggml.padding_token_id";
constexpr std::string_view kUnk = "tokenizer.ggml.unknown_token_id";
constexpr std::string_view kAddBos = "tokenizer.ggml.add_bos_token";
constexpr std::string_view kAddSpacePrefix = "tokenizer.ggml.add_space_prefix";
constexpr std::string_view kJetPre = "tokenizer.jet.pre_tokenizer";
constexpr std::string_view kNfc = "tokenizer.jet.normalize_nfc";
constexpr std::string_view kIgnoreMerges = "tokenizer.jet.ignore_merges";
constexpr std::string_view kAddedFlags = "tokenizer.jet.added_token_flags";
constexpr std::string_view kAllEos = "tokenizer.jet.eos_token_ids";
constexpr std::string_view kDigits = "digits";

enum TokenType : int64_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6
};

// What a name of llama.cpp's says about the Hugging Face tokenizer it was converted from.
struct KnownPre {
  std::string_view name;
  PreTokenizer pre_tokenizer;
  bool nfc;
  bool ignore_merges;
  bool add_bos;
};

// The first of a pre-tokenizer's names is the one that is written.
constexpr std::array kKnownPres{
    KnownPre{"gpt-2", PreTokenizer::Gpt2, false, false, false},
    KnownPre{"smollm", PreTokenizer::SmolLm, false, false, false},
    KnownPre{"qwen2", PreTokenizer::Qwen2, true, false, false},
    KnownPre{"llama-bpe", PreTokenizer::Llama3, false, true, true},
    KnownPre{"llama3", PreTokenizer::Llama3, false, true, true},
    KnownPre{"llama-v3", PreTokenizer::Llama3, false, true, true},
};

const KnownPre& known_pre(const GgufMetadata& metadata) {
  const std::string name = metadata.string(kPre);
  const auto known = std::ranges::find(kKnownPres, name, &KnownPre::name);
  if (known == kKnownPres.end()) {
    fail("{}: key {}: \"{}\" is not known, expected gpt-2, smollm, qwen2 or llama-bpe",
         metadata.where, kPre, printable(name));
  }
  return *known;
}

int64_t flags_of(const AddedToken& token) {
  return (token.lstrip ? 1 : 0) | (token.rstrip ? 2 : 0) | (token.single_word ? 4 : 0) |
         (token.normalized ? 8 : 0);
}

void set_flags(AddedToken& token, int64_t flags) {
  token.lstrip = (flags & 1) != 0;
  token.rstrip = (flags & 2) != 0;
  token.single_word = (flags & 4) != 0;
  token.normalized = (flags & 8) != 0;
}

void read_tokens(const GgufMetadata& metadata, TokenizerSpec& spec) {
  const auto* tokens = metadata.strings(kTokens);
  if (tokens == nullptr) fail("{}: key {} is missing", metadata.where, kTokens);
  const auto* types = metadata.integers(kTokenType);
  if (types == nullptr) fail("{}: key {} is missing", metadata.where, kTokenType);
  if (types->size() != tokens->size()) {
    fail("{}: key {} has {} elements, but there are {} tokens", metadata.where, kTokenType,
         types->size(), tokens->size());
  }
  size_t n = tokens->size();
  while (n > 0 && (*types)[n - 1] == kUnused) --n;
  spec.tokens.assign(tokens->begin(), tokens->begin() + static_cast<ptrdiff_t>(n));
  for (size_t id = 0; id < n; ++id) {
    const int64_t type = (*types)[id];
    if (find_invalid_utf8(spec.tokens[id])) {
      fail("{}: key {}: token {} (\"{}\") is not UTF-8", metadata.where, kTokens, id,
           printable(spec.tokens[id]));
    }
    if (type == kControl || type == kUnknown || type == kUserDefined) {
      spec.added.push_back({.id = static_cast<int32_t>(id),
                            .content = spec.tokens[id],
                            .special = type != kUserDefined});
    } else if (type != kNormal && type != kUnused) {
      fail(
          "{}: key {}: token {} has type {}, expected 1 to 5 (byte tokens are not of byte-level "
          "BPE)",
          metadata.where, kTokenType, id, type);
    }
  }
}

void read_added_flags(const GgufMetadata& metadata, TokenizerSpec& spec) {
  const auto* flags = metadata.integers(kAddedFlags);
  if (flags == nullptr) return;
  if (flags->size() != spec.added.size()) {
    fail("{}: key {} has {} elements, but there are {} added tokens", metadata.where, kAddedFlags,
         flags->size(), spec.added.size());
  }
  for (size_t i = 0; i < flags->size(); ++i) {
    if ((*flags)[i] < 0 || (*flags)[i] > 15) {
      fail("{}: key {}: element {} is {}, expected 0 to 15", metadata.where, kAddedFlags, i,
           (*flags)[i]);
    }
    set_flags(spec.added[i], (*flags)[i]);
  }
}

void read_merges(const GgufMetadata& metadata, TokenizerSpec& spec) {
  const auto* merges = metadata.strings(kMerges);
  if (merges == nullptr) fail("{}: key {} is missing", metadata.where, kMerges);
  spec.merges.reserve(merges->size());
  for (const std::string& merge : *merges) {
    const size_t blank = merge.find(' ');
    if (blank == std::string::npos || merge.find(' ', blank + 1) != std::string::npos) {
      fail("{}: key {}: element {} is \"{}\", expected \"a b\"", metadata.where, kMerges,
           spec.merges.size(), printable(merge));
    }
    spec.merges.emplace_back(merge.substr(0, blank), merge.substr(blank + 1));
  }
}

std::optional<int32_t> read_id(const GgufMetadata& metadata, std::string_view key,
                               const TokenizerSpec& spec) {
  const auto id = metadata.optional_integer(key, 0, static_cast<int64_t>(spec.tokens.size()) - 1);
  return id ? std::optional(static_cast<int32_t>(*id)) : std::nullopt;
}

void read_eos(const GgufMetadata& metadata, TokenizerSpec& spec) {
  if (const auto* ids = metadata.integers(kAllEos)) {
    for (const int64_t id : *ids) {
      if (id < 0 || id >= static_cast<int64_t>(spec.tokens.size())) {
        fail("{}: key {}: {} is not a token, expected 0 to {}", metadata.where, kAllEos, id,
             spec.tokens.size() - 1);
      }
      spec.eos.push_back(static_cast<int32_t>(id));
    }
    return;
  }
  for (const std::string_view key : kEos) {
    const auto id = read_id(metadata, key, spec);
    if (id && std::ranges::find(spec.eos, *id) == spec.eos.end()) spec.eos.push_back(*id);
  }
}

void write_tokens(const TokenizerSpec& spec, int64_t rows, GgufMetadata& metadata) {
  GgufValue::Strings tokens = spec.tokens;
  GgufValue::Integers types(tokens.size(), kNormal);
  for (const AddedToken& token : spec.added) {
    types[static_cast<size_t>(token.id)] = token.special ? kControl : kUserDefined;
  }
  while (static_cast<int64_t>(tokens.size()) < rows) {
    tokens.push_back(fmt::format("[PAD{}]", tokens.size()));
    types.push_back(kUnused);
  }
  metadata.set_strings(std::string(kTokens), std::move(tokens));
  metadata.set_integers(std::string(kTokenType), std::move(types));
}

void write_added_flags(const TokenizerSpec& spec, GgufMetadata& metadata) {
  std::vector<AddedToken> added = spec.added;
  std::ranges::sort(added, {}, &AddedToken::id);
  GgufValue::Integers flags;
  for (const AddedToken& token : added) flags.push_back(flags_of(token));
  if (std::ranges::any_of(flags, [](int64_t flag) { return flag != 0; })) {
    metadata.set_integers(std::string(kAddedFlags), std::move(flags));
  }
}

void write_eos(const TokenizerSpec& spec, GgufMetadata& metadata) {
  for (size_t i = 0; i < std::min(spec.eos.size(), kEos.size()); ++i) {
    metadata.set_integer(std::string(kEos[i]), spec.eos[i]);
  }
  if (spec.eos.size() > kEos.size()) {
    metadata.set_integers(std::string(kAllEos),
                          GgufValue::Integers(spec.eos.begin(), spec.eos.end()));
  }
}

}  // namespace

bool has_tokenizer(const GgufMetadata& metadata) { return metadata.has(kModel); }

TokenizerSpec tokenizer_from_gguf(const GgufMetadata& metadata) {
  if (const std::string model = metadata.string(kModel); model != "gpt2") {
    fail("{}: key {}: \"{}\", expected \"gpt2\" (byte-level BPE)", metadata.where, kModel,
         printable(model));
  }
  const KnownPre& pre = known_pre(metadata);
  TokenizerSpec spec;
  spec.pre_tokenizer = pre.pre_tokenizer;
  if (const auto name = metadata.optional_string(kJetPre)) {
    if (*name != kDigits || pre.pre_tokenizer != PreTokenizer::SmolLm) {
      fail("{}: key {}: \"{}\" is not known, expected {} with {} smollm", metadata.where, kJetPre,
           printable(*name), kDigits, kPre);
    }
    spec.pre_tokenizer = PreTokenizer::Digits;
  }
  spec.normalize_nfc = metadata.optional_boolean(kNfc).value_or(pre.nfc);
  spec.ignore_merges = metadata.optional_boolean(kIgnoreMerges).value_or(pre.ignore_merges);
  spec.add_bos = metadata.optional_boolean(kAddBos).value_or(pre.add_bos);
  spec.add_prefix_space = metadata.optional_boolean(kAddSpacePrefix).value_or(false);
  read_tokens(metadata, spec);
  read_added_flags(metadata, spec);
  read_merges(metadata, spec);
  spec.bos = read_id(metadata, kBos, spec);
  spec.pad = read_id(metadata, kPad, spec);
  spec.unk = read_id(metadata, kUnk, spec);
  read_eos(metadata, spec);
  check_spec(spec);
  return spec;
}

void tokenizer_to_gguf(const TokenizerSpec& spec, GgufMetadata& metadata, int64_t rows) {
  const bool is_digits = spec.pre_tokenizer == PreTokenizer::Digits;
  const PreTokenizer named = is_digits ? PreTokenizer::SmolLm : spec.pre_tokenizer;
  const auto pre = std::ranges::find(kKnownPres, named, &KnownPre::pre_tokenizer);
  JET_CHECK(pre != kKnownPres.end());
  metadata.set_string(std::string(kModel), "gpt2");
  metadata.set_string(std::string(kPre), std::string(pre->name));
  if (is_digits) metadata.set_string(std::string(kJetPre), std::string(kDigits));
  write_tokens(spec, rows, metadata);
  write_added_flags(spec, metadata);
  GgufValue::Strings merges;
  for (const auto& [left, right] : spec.merges) merges.push_back(fmt::format("{} {}", left, right));
  metadata.set_strings(std::string(kMerges), std::move(merges));
  const auto set_id = [&](std::string_view key, std::optional<int32_t> id) {
    if (id) metadata.set_integer(std::string(key), *id);
  };
  set_id(kBos, spec.bos);
  write_eos(spec, metadata);
  set_id(kPad, spec.pad);
  set_id(kUnk, spec.unk);
  metadata.set_boolean(std::string(kAddBos), spec.add_bos);
  metadata.set_boolean(std::string(kAddSpacePrefix), spec.add_prefix_space);
  if (spec.normalize_nfc != pre->nfc) metadata.set_boolean(std::string(kNfc), spec.normalize_nfc);
  if (spec.ignore_merges != pre->ignore_merges)
    metadata.set_boolean(std::string(kIgnoreMerges), spec.ignore_merges);
}

}  // namespace jet
