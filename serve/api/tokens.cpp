// /tokenize, /detokenize and /tokenizer_info, in the form that vLLM gave them and
// lm-evaluation-harness asks for.
#include <array>

#include <nlohmann/json.hpp>

#include "runtime/model/loaded_model.h"
#include "serve/api/endpoints.h"
#include "serve/api/error.h"
#include "serve/api/prompt.h"
#include "serve/api/tools.h"
#include "text/chat_template.h"

namespace jet::serve {
namespace {

// What goes with messages.
constexpr std::array<std::string_view, 3> kChatFields{"tools", "chat_template_kwargs",
                                                      "add_generation_prompt"};

const Tokenizer& tokenizer_of(const ServedModel& served) {
  const auto& tokenizer = served.model().loaded().tokenizer;
  if (!tokenizer) throw ApiError(400, "this model has no tokenizer");
  return *tokenizer;
}

Json token_or_null(const Tokenizer& tokenizer, std::optional<int32_t> id) {
  if (!id || *id >= tokenizer.vocabulary()) return nullptr;
  return std::string(tokenizer.bytes(*id));
}

}  // namespace

Json tokenize(Body& body, const ServedModel& served) {
  const Tokenizer& tokenizer = tokenizer_of(served);
  const bool is_chat = body.find("messages") != nullptr;  // the template writes its own
  const bool special = body.boolean("add_special_tokens", !is_chat);
  const bool wants_texts = body.boolean("return_token_strs", false);
  std::string text;
  const auto prompt = body.string("prompt");
  if (!prompt && body.find("messages") == nullptr) {
    body.accept(kChatFields);
    body.check_all_known();  // a name that is near first
    body.bad("prompt", "is missing, and so are messages; give one of them");
  }
  if (prompt)
    text = *prompt;
  else
    text = render_chat(body, served.model(), read_tools(body, served.model()));
  body.check_all_known();
  std::vector<int32_t> ids;
  try {
    ids = tokenizer.encode(text);
  } catch (const Error& error) {
    throw ApiError(400, error.what(), "prompt");
  }
  const TokenizerSpec& spec = tokenizer.spec();
  if (special && spec.add_bos && spec.bos) ids.insert(ids.begin(), *spec.bos);
  Json answer{
      {"tokens", ids}, {"count", ids.size()}, {"max_model_len", served.host->context_length()}};
  if (wants_texts) {
    Json texts = Json::array();
    for (const int32_t id : ids) texts.push_back(tokenizer.decode(std::span(&id, 1)));
    answer["token_strs"] = std::move(texts);
  }
  return answer;
}

Json detokenize(Body& body, const ServedModel& served) {
  const Tokenizer& tokenizer = tokenizer_of(served);
  const Json* tokens = body.find("tokens");
  if (tokens == nullptr) body.bad("tokens", "is missing");
  if (!tokens->is_array()) body.bad("tokens", "must be a list of token ids");
  const std::vector<int32_t> ids = read_ids(body, "tokens", *tokens, served.model());
  body.check_all_known();
  return {{"prompt", tokenizer.decode(ids)}};
}

Json tokenizer_info(const ServedModel& served) {
  const Tokenizer& tokenizer = tokenizer_of(served);
  const LoadedModel& loaded = served.model().loaded();
  const TokenizerSpec& spec = tokenizer.spec();
  Json info{
      {"tokenizer_class", "byte-level BPE"},
      {"vocab_size", tokenizer.vocabulary()},
      {"model_max_length", served.host->context_length()},
      {"bos_token", token_or_null(tokenizer, spec.bos)},
      {"eos_token",
       token_or_null(tokenizer, spec.eos.empty() ? std::nullopt : std::optional(spec.eos.front()))},
      {"pad_token", token_or_null(tokenizer, spec.pad)},
      {"unk_token", token_or_null(tokenizer, spec.unk)},
      {"add_bos_token", spec.add_bos}};
  info["chat_template"] =
      loaded.chat_template ? Json(loaded.chat_template->source()) : Json(nullptr);
  return info;
}

}  // namespace jet::serve
