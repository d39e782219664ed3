// Encoding: added tokens, normalisation, words, merges. Decoding: bytes by id.
#include "text/tokenizer.h"

#include <algorithm>

#include "core/error.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/nfc.h"
#include "text/pre_tokenizer.h"
#include "text/spec_check.h"
#include "text/token_index.h"
#include "text/utf8.h"
#include "text/utf8_stream.h"

namespace jet {
namespace {

// Every token's bytes, one after another.
class TokenBytes {
 public:
  explicit TokenBytes(const TokenizerSpec& spec) {
    std::vector<bool> is_added(spec.tokens.size());
    for (const AddedToken& token : spec.added) is_added[static_cast<size_t>(token.id)] = true;
    offsets_.reserve(spec.tokens.size() + 1);
    for (size_t id = 0; id < spec.tokens.size(); ++id) {
      offsets_.push_back(bytes_.size());
      bytes_ += is_added[id] ? spec.tokens[id] : token_bytes(spec.tokens[id]);
    }
    offsets_.push_back(bytes_.size());
  }

  size_t size() const { return offsets_.size() - 1; }
  std::string_view at(size_t id) const {
    return std::string_view(bytes_).substr(offsets_[id], offsets_[id + 1] - offsets_[id]);
  }

 private:
  std::string bytes_;
  std::vector<size_t> offsets_;
};

// The added tokens that are looked for before, or after, normalisation.
AddedTokenFinder finder(const TokenizerSpec& spec, bool normalized) {
  std::vector<AddedToken> tokens;
  for (const AddedToken& token : spec.added) {
    if (token.normalized != normalized) continue;
    tokens.push_back(token);
    if (!normalized || !spec.normalize_nfc) continue;
    std::string storage;
    tokens.back().content = normalize_nfc(token.content, storage);
  }
  return AddedTokenFinder(std::move(tokens));
}

std::vector<bool> special_ids(const TokenizerSpec& spec) {
  std::vector<bool> special(spec.tokens.size());
  for (const AddedToken& token : spec.added) {
    if (token.special) special[static_cast<size_t>(token.id)] = true;
  }
  return special;
}

TokenizerSpec checked(TokenizerSpec spec) {
  check_spec(spec);
  return spec;
}

}  // namespace

struct Tokenizer::Tables {
  explicit Tables(TokenizerSpec from)
      : spec(checked(std::move(from))),
        index(spec.tokens),
        bpe(spec.merges, index),
        words(spec.pre_tokenizer),
        before_normalization(finder(spec, false)),
        after_normalization(finder(spec, true)),
        bytes(spec),
        special(special_ids(spec)) {}

  const TokenizerSpec spec;
  const TokenIndex index;  // borrows spec.tokens
  const Bpe bpe;
  const WordPattern words;
  const AddedTokenFinder before_normalization;
  const AddedTokenFinder after_normalization;
  const TokenBytes bytes;
  const std::vector<bool> special;

  size_t checked_id(int32_t id) const {
    if (id < 0 || static_cast<size_t>(id) >= bytes.size()) {
      fail("token {} is not in the vocabulary, expected 0 to {}", id, bytes.size() - 1);
    }
    return static_cast<size_t>(id);
  }
};

namespace {

// One call of encode.
class Encoder {
 public:
  Encoder(const Bpe& bpe, const WordPattern& words, const TokenIndex* whole_words,
          const std::vector<bool>& special, bool add_prefix_space)
      : bpe_(bpe),
        splitter_(words),
        whole_words_(whole_words),
        special_(special),
        add_prefix_space_(add_prefix_space) {}

  void add_token(int32_t id) { ids_.push_back(id); }

  void add_text(std::string_view text) {
    std::string prefixed;
    if (add_prefix_space_ && !text.starts_with(' ')) {
      prefixed.append(" ").append(text);
      text = prefixed;
    }
    splitter_.start(text);
    while (const auto word = splitter_.next()) add_word(*word);
  }

  std::vector<int32_t> take() { return std::move(ids_); }

 private:
  void add_word(std::string_view word) {
    if (whole_words_ != nullptr) {
      spelt_.clear();
      for (const char c : word) spelt_ += byte_symbol(static_cast<unsigned char>(c));
      const auto id = whole_words_->find(spelt_);
      if (id && !special_[static_cast<size_t>(*id)]) return ids_.push_back(*id);
    }
    bpe_.encode(word, scratch_, ids_);
  }

  const Bpe& bpe_;
  WordSplitter splitter_;
  const TokenIndex* whole_words_;  // nullptr: words are always merged from bytes
  const std::vector<bool>& special_;
  bool add_prefix_space_;
  Bpe::Scratch scratch_;
  std::string spelt_;
  std::vector<int32_t> ids_;
};

}  // namespace

Tokenizer::Tokenizer(TokenizerSpec spec)
    : tables_(std::make_unique<const Tables>(std::move(spec))) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

const TokenizerSpec& Tokenizer::spec() const { return tables_->spec; }

int32_t Tokenizer::vocabulary() const { return static_cast<int32_t>(tables_->bytes.size()); }

std::vector<int32_t> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  if (text.size() > INT32_MAX / 4)
    fail("a text of {} bytes is too long, at most {}", text.size(), INT32_MAX / 4);
  if (const auto offset = find_invalid_utf8(text))
    fail("the text is not UTF-8 at byte {}", *offset);
  const TokenizerSpec& spec = tables_->spec;
  Encoder encoder(tables_->bpe, tables_->words, spec.ignore_merges ? &tables_->index : nullptr,
                  tables_->special, spec.add_prefix_space);
  std::string storage;
  for (const TextPiece& raw : tables_->before_normalization.split(text, options.special)) {
    if (raw.id >= 0) {
      encoder.add_token(raw.id);
      continue;
    }
    const std::string_view normalized =
        spec.normalize_nfc ? normalize_nfc(raw.text, storage) : raw.text;
    for (const TextPiece& piece : tables_->after_normalization.split(normalized, options.special)) {
      if (piece.id >= 0) {
        encoder.add_token(piece.id);
      } else {
        encoder.add_text(piece.text);
      }
    }
  }
  return encoder.take();
}

std::string_view Tokenizer::bytes(int32_t id) const {
  return tables_->bytes.at(tables_->checked_id(id));
}

bool Tokenizer::is_special(int32_t id) const {
  return id >= 0 && static_cast<size_t>(id) < tables_->special.size() &&
         tables_->special[static_cast<size_t>(id)];
}

bool Tokenizer::is_eos(int32_t id) const {
  return std::ranges::find(tables_->spec.eos, id) != tables_->spec.eos.end();
}

std::optional<int32_t> Tokenizer::id_of(std::string_view token) const {
  return tables_->index.find(token);
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special) const {
  std::string text;
  for (const int32_t id : ids) {
    if (id < 0) fail("token {} is negative", id);
    // A model's output layer may be larger than the vocabulary: such ids say nothing, as in
    // transformers.
    if (id >= vocabulary() || (skip_special && is_special(id))) continue;
    text += bytes(id);
  }
  return replace_invalid_utf8(text);
}

}  // namespace jet
